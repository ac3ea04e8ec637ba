# ruby dialogue.rb PORT: the common dialogue with the gem mysql2.
require 'mysql2'

db = Mysql2::Client.new(host: '127.0.0.1', port: ARGV[0].to_i, username: 'app', password: "app's", database: 'test',
                        encoding: 'utf8mb4', flags: Mysql2::Client::MULTI_STATEMENTS)
fails = lambda do |sql|
  db.query(sql)
  puts 'no error'
rescue Mysql2::Error => e
  puts "#{e.error_number} #{e.sql_state} #{e.message}"
end
puts db.query('SELECT CONNECTION_ID() AS id').first['id'] == db.thread_id
db.query('DROP TABLE IF EXISTS of_ruby')
db.query('CREATE TABLE of_ruby (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4')
insert = db.prepare('INSERT INTO of_ruby VALUES (?, ?, ?)')
50.times { |i| insert.execute(i, (i % 7).zero? ? nil : "note #{i} ✓ ' \\", i / 4.0) }
select = db.prepare('SELECT * FROM of_ruby WHERE id IN (?, ?) ORDER BY id')
select.execute(7, 8).each { |row| puts row.to_s }
db.query('BEGIN')
db.query("UPDATE of_ruby SET note = 'again'")
puts db.affected_rows
db.query('ROLLBACK')
puts db.query("SELECT COUNT(*) AS count FROM of_ruby WHERE note = 'again'").first.to_s
insert.execute(100, 'ü' * 3_000_000, 1)
puts select.execute(100, 100).first['note'] == 'ü' * 3_000_000
puts db.query('SELECT 1 AS a; SELECT 2 AS b; DO 0').to_a.to_s
puts db.store_result&.to_a.to_s while db.next_result
fails.call('INSERT INTO of_ruby (id) VALUES (1)')
fails.call('SELECT * FROM no_such_table')
fails.call('SELEKT 1')
count = 0
db.query('SELECT a.id FROM of_ruby a, of_ruby b', stream: true, cache_rows: false).each { count += 1 }
puts count
puts db.ping
