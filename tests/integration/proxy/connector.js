// node connector.js PORT: what an application does, with mysql2. Prints "all well" or fails.
const assert = require('node:assert');
const mysql = require('mysql2/promise');

async function exercise(ssl) {
  const connection = await mysql.createConnection({
    host: '127.0.0.1', port: Number(process.argv[2]), user: 'node', password: 'pässword', database: 'test',
    multipleStatements: true, ssl,
  });
  await connection.query('DROP TABLE IF EXISTS from_node');
  await connection.query('CREATE TABLE from_node (id INT PRIMARY KEY, note TEXT) CHARACTER SET utf8mb4');
  for (let i = 0; i < 50; ++i) {
    await connection.execute('INSERT INTO from_node VALUES (?, ?)', [i, `note ${i} ✓`]);
  }
  const [rows] = await connection.execute('SELECT note FROM from_node WHERE id = ?', [7]);
  assert.strictEqual(rows[0].note, 'note 7 ✓');

  // Queued by the application without waiting for answers.
  const answers = await Promise.all([...Array(100).keys()].map((i) => connection.query('SELECT ? AS n', [i])));
  answers.forEach(([answer], i) => assert.strictEqual(Number(answer[0].n), i));

  const [several] = await connection.query('SELECT 1 AS a; SELECT 2 AS b');
  assert.strictEqual(several.length, 2);
  await assert.rejects(connection.query('SELECT * FROM no_such_table'), { errno: 1146 });

  await connection.beginTransaction();
  await connection.query('DELETE FROM from_node');
  await connection.rollback();
  const [[{ n }]] = await connection.query('SELECT COUNT(*) AS n FROM from_node');
  assert.strictEqual(Number(n), 50);

  await connection.changeUser({ user: 'node', password: 'pässword', database: 'test' });
  await connection.ping();
  const [[{ me }]] = await connection.query('SELECT CURRENT_USER() AS me');
  assert.match(me, /^node@/);
  await connection.end();
}

(async () => {
  await exercise(undefined);
  await exercise({ rejectUnauthorized: false });
  console.log('all well');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
