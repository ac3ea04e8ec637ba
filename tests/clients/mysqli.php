<?php
// php mysqli.php PORT: the common dialogue with mysqli (mysqlnd).
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli('127.0.0.1', 'app', "app's", 'test', (int)$argv[1]);
$db->set_charset('utf8mb4');
$show = fn($result) => print(json_encode($result, JSON_UNESCAPED_UNICODE) . "\n");
$fails = function ($sql) use ($db) {
    try {
        $db->query($sql);
        print("no error\n");
    } catch (mysqli_sql_exception $error) {
        print("{$error->getCode()} {$db->sqlstate} {$error->getMessage()}\n");
    }
};
$show($db->query('SELECT CONNECTION_ID()')->fetch_row()[0] == $db->thread_id);
$db->query('DROP TABLE IF EXISTS of_mysqli');
$db->query('CREATE TABLE of_mysqli (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4');
$insert = $db->prepare('INSERT INTO of_mysqli VALUES (?, ?, ?)');
for ($i = 0; $i < 50; $i++) {
    $note = $i % 7 == 0 ? null : "note $i ✓ ' \\";
    $price = $i / 4;
    $insert->bind_param('isd', $i, $note, $price);
    $insert->execute();
}
$big = null;
$id = 100;
$insert->bind_param('ibd', $id, $big, $price);
for ($i = 0; $i < 30; $i++) $insert->send_long_data(1, str_repeat('L', 100000));  // COM_STMT_SEND_LONG_DATA
$insert->execute();
$select = $db->prepare('SELECT * FROM of_mysqli WHERE id IN (?, ?) ORDER BY id');
$select->bind_param('ii', ...[$a = 7, $b = 8]);
$select->execute();
$show($select->get_result()->fetch_all());
$show($db->query('SELECT LENGTH(note), CRC32(note) FROM of_mysqli WHERE id = 100')->fetch_all());
$db->begin_transaction();
$db->query("UPDATE of_mysqli SET note = 'again'");
$show($db->affected_rows);
$db->rollback();
$show($db->query("SELECT COUNT(*) FROM of_mysqli WHERE note = 'again'")->fetch_row());
$db->multi_query("SELECT 1; SELECT 2, 3; DO 0; SELECT * FROM no_such_table; SELECT 5");
try {
    do {
        if ($result = $db->store_result()) $show($result->fetch_all());
    } while ($db->next_result());
} catch (mysqli_sql_exception $error) {
    print("{$error->getCode()} {$error->getMessage()}\n");
}
$fails('INSERT INTO of_mysqli (id) VALUES (1)');
$fails('SELEKT 1');
$rows = 0;
foreach ($db->query('SELECT a.id FROM of_mysqli a, of_mysqli b, of_mysqli c', MYSQLI_USE_RESULT) as $row) $rows++;
$show($rows);
$db->change_user('app', "app's", 'test');
$show($db->query("SELECT DATABASE(), CURRENT_USER()")->fetch_row());
$fails('SELECT * FROM no_such_table');
$db->close();
