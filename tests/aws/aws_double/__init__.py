"""A double of AWS for tests: AWS Config, Security Hub and STS of its own, everything else by moto.

It promises to refuse what AWS refuses and to answer in the shape in which AWS answers. Where the
documentation is silent it takes the stricter reading, so that what passes here passes there.
"""
