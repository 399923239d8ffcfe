module plumbline.dev/tests/openreports

go 1.26.0

require openreports.io v0.2.1

replace openreports.io => github.com/openreports/reports-api v0.2.1
