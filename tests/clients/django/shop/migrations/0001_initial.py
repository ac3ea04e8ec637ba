from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel('Depot', [('id', models.BigAutoField(primary_key=True))]),
        migrations.CreateModel('Parcel', [('id', models.BigAutoField(primary_key=True)),
                                          ('name', models.CharField(max_length=50)),
                                          ('weight', models.IntegerField(null=True))]),
        migrations.RunSQL("INSERT INTO shop_parcel (name, weight) VALUES ('a', 1), ('b', 2), ('c', NULL)"),
    ]
