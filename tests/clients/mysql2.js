// node mysql2.js PORT [compress]: the common dialogue with mysql2 of npm.
const mysql = require('mysql2/promise');

async function main() {
  const db = await mysql.createConnection({host: '127.0.0.1', port: Number(process.argv[2]), user: 'app',
    password: "app's", database: 'test', multipleStatements: true, compress: process.argv[3] === 'compress'});
  const rows = async (sql, values) => console.log(sql.slice(0, 60), JSON.stringify((await db.execute(sql, values))[0]));
  const fails = (sql) => db.query(sql).then(() => console.log('no error'),
    (error) => console.log(error.code, error.errno, error.sqlState, error.sqlMessage));
  console.log((await db.query('SELECT CONNECTION_ID() AS id'))[0][0].id === db.threadId);
  await db.query('DROP TABLE IF EXISTS of_mysql2');
  await db.query('CREATE TABLE of_mysql2 (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4');
  for (let i = 0; i < 50; i++) {
    await db.execute('INSERT INTO of_mysql2 VALUES (?, ?, ?)', [i, i % 7 === 0 ? null : `note ${i} ✓ ' \\`, i / 4]);
  }
  await rows('SELECT * FROM of_mysql2 WHERE id IN (?, ?) ORDER BY id', [7, 8]);
  await db.beginTransaction();
  console.log((await db.query("UPDATE of_mysql2 SET note = 'again'"))[0].affectedRows);
  await db.rollback();
  await rows("SELECT COUNT(*) AS count FROM of_mysql2 WHERE note = 'again'", []);
  const big = 'ü'.repeat(3000000);
  await db.execute('INSERT INTO of_mysql2 VALUES (100, ?, 1)', [big]);
  console.log((await db.query('SELECT note FROM of_mysql2 WHERE id = 100'))[0][0].note === big);
  console.log(JSON.stringify((await db.query('SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c'))[0]));
  // Sent ahead: mysql2 queues them, all are answered in order.
  console.log(JSON.stringify((await Promise.all([...Array(50).keys()].map((i) => db.query('SELECT ? AS i', [i]))))
    .map((answer) => answer[0][0].i)));
  await fails('INSERT INTO of_mysql2 (id) VALUES (1)');
  await fails('SELECT * FROM no_such_table');
  await fails('SELEKT 1');
  await db.changeUser({user: 'app', password: "app's", database: 'test'});
  await rows('SELECT CURRENT_USER() AS who, DATABASE() AS db', []);
  await db.ping();
  await db.end();
}

main().catch((error) => { console.error(error); process.exit(1); });
