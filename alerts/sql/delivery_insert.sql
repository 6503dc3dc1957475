INSERT INTO alert.delivery (id, alert, event, endpoint, event_type, body)
VALUES (%(id)s, %(alert)s, %(event)s, %(endpoint)s, %(event_type)s, %(body)s)
