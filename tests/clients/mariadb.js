// node mariadb.js PORT [compress]: the common dialogue with mariadb of npm, which sends commands ahead of their answers.
const mariadb = require('mariadb');

async function main() {
  const db = await mariadb.createConnection({host: '127.0.0.1', port: Number(process.argv[2]), user: 'app',
    password: "app's", database: 'test', multipleStatements: true, compress: process.argv[3] === 'compress',
    allowPublicKeyRetrieval: true, bigIntAsNumber: true, insertIdAsNumber: true});
  const rows = async (sql, values) => console.log(sql.slice(0, 60), JSON.stringify(await db.execute(sql, values)));
  const fails = (sql) => db.query(sql).then(() => console.log('no error'),
    (error) => console.log(error.code, error.errno, error.sqlState, error.sqlMessage));
  console.log((await db.query('SELECT CONNECTION_ID() AS id'))[0].id === db.threadId);
  await db.query('DROP TABLE IF EXISTS of_mariadb');
  await db.query('CREATE TABLE of_mariadb (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4');
  for (let i = 0; i < 10; i++) await db.execute('INSERT INTO of_mariadb VALUES (?, ?, ?)', [i, `note ${i} ✓ ' \\`, i / 4]);
  // COM_STMT_BULK_EXECUTE where the server has it, else sent ahead one by one.
  await db.batch('INSERT INTO of_mariadb VALUES (?, ?, ?)',
    [...Array(40).keys()].map((i) => [i + 10, i % 7 === 0 ? null : `note ${i}`, i / 4]));
  await rows('SELECT * FROM of_mariadb WHERE id IN (?, ?, ?) ORDER BY id', [7, 17, 18]);
  await db.beginTransaction();
  console.log((await db.query("UPDATE of_mariadb SET note = 'again'")).affectedRows);
  await db.rollback();
  await rows("SELECT COUNT(*) AS count FROM of_mariadb WHERE note = 'again'", []);
  const big = 'ü'.repeat(3000000);
  await db.execute('INSERT INTO of_mariadb VALUES (100, ?, 1)', [big]);
  console.log((await db.query('SELECT note FROM of_mariadb WHERE id = 100'))[0].note === big);
  console.log(JSON.stringify(await db.query('SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c')));
  console.log(JSON.stringify((await Promise.all([...Array(200).keys()].map((i) => db.query('SELECT ? AS i', [i]))))
    .map((answer) => answer[0].i)));
  const ahead = [...Array(20).keys()].map((i) => db.execute('SELECT ? + 1 AS i', [i]));
  console.log(JSON.stringify((await Promise.all(ahead)).map((answer) => answer[0].i)));
  await fails('INSERT INTO of_mariadb (id) VALUES (1)');
  await fails('SELECT * FROM no_such_table');
  await fails('SELEKT 1');
  // The connector itself refuses to in front of MySQL.
  await db.changeUser({user: 'app', password: "app's", database: 'test'})
    .then(() => console.log('changed'), (error) => console.log(error.code));
  await rows('SELECT CURRENT_USER() AS who, DATABASE() AS db', []);
  await db.reset().then(() => console.log('reset'), (error) => console.log(error.errno));
  await db.ping();
  await db.end();
}

main().catch((error) => { console.error(error); process.exit(1); });
