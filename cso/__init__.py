"""The site: settings, doors of the web server, Celery, and the embedded services of `make run`."""
