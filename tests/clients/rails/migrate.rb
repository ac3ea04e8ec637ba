# Rails' own migrations: `ruby migrate.rb PORT` runs those that have not run yet on the database `test`.
require 'active_record'

ActiveRecord::Base.establish_connection(adapter: 'mysql2', host: '127.0.0.1', port: ARGV.fetch(0).to_i,
                                        username: 'root', database: 'test')
ActiveRecord::Migration.verbose = false
ActiveRecord::MigrationContext.new(File.join(__dir__, 'migrations'), ActiveRecord::SchemaMigration).migrate
puts ActiveRecord::Base.connection.columns('parcels').map(&:name).join(' ')
