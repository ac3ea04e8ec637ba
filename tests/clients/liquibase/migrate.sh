#!/bin/sh
# Liquibase's own migrations: `migrate.sh PORT` runs those that have not run yet on the database `test`. The program
# comes from npm, the driver from Debian.
set -eu
cd "$(dirname "$0")"
home=${SLUICE_CLIENTS:-/var/cache/sluice/clients}/node_modules/node-liquibase/dist/liquibase
said=$(java -cp "$home/liquibase.jar:$home/lib/*:/usr/share/java/mariadb-java-client.jar" \
  liquibase.integration.commandline.Main --url="jdbc:mariadb://127.0.0.1:$1/test" --username=root \
  --changeLogFile=changelog.xml --logLevel=warning update 2>&1) || {
  echo "$said"
  exit 1
}
echo "$said" | grep Update
