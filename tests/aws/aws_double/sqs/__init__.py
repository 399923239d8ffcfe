"""SQS of the double: queues that AWS Config's changes come to, as strict as the API Reference is."""
