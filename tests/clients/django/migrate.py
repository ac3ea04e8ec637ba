# Django's own migrations: `python3 migrate.py PORT` runs those of `shop` that have not run yet on the database `test`.
import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
settings.configure(
    INSTALLED_APPS=['shop'],
    DEFAULT_AUTO_FIELD='django.db.models.BigAutoField',
    DATABASES={'default': {'ENGINE': 'django.db.backends.mysql', 'HOST': '127.0.0.1', 'PORT': sys.argv[1],
                           'USER': 'root', 'NAME': 'test', 'OPTIONS': {'charset': 'utf8mb4'}}})
django.setup()
call_command('migrate', 'shop', verbosity=0)
with connection.cursor() as cursor:
    print(' '.join(column.name for column in connection.introspection.get_table_description(cursor, 'shop_parcel')))
