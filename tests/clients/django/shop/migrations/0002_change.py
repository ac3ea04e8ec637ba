from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('shop', '0001_initial')]
    operations = [
        migrations.AddField('Parcel', 'note', models.CharField(max_length=100, default='none')),
        migrations.AlterField('Parcel', 'weight', models.BigIntegerField(default=0)),
        migrations.AddIndex('Parcel', models.Index(fields=['weight'], name='by_weight')),
        migrations.AlterUniqueTogether('Parcel', {('name', 'weight')}),
        migrations.RenameField('Parcel', 'note', 'remark'),
        migrations.RemoveIndex('Parcel', 'by_weight'),
        # What no migration of Sluice's can do is the server's.
        migrations.RunSQL("SET @sluice_ddl = 'off'"),
        migrations.AddField('Parcel', 'depot', models.ForeignKey('shop.Depot', models.CASCADE, null=True)),
    ]
