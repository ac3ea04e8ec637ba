<?php
// php pdo.php PORT: the common dialogue with PDO, with prepared statements of the server and then emulated ones.
foreach ([false, true] as $emulated) {
    $db = new PDO("mysql:host=127.0.0.1;port={$argv[1]};dbname=test;charset=utf8mb4", 'app', "app's",
                  [PDO::ATTR_EMULATE_PREPARES => $emulated, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    $show = fn($result) => print(json_encode($result, JSON_UNESCAPED_UNICODE) . "\n");
    $db->exec('DROP TABLE IF EXISTS of_pdo');
    $db->exec('CREATE TABLE of_pdo (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4');
    $insert = $db->prepare('INSERT INTO of_pdo VALUES (?, ?, ?)');
    for ($i = 0; $i < 50; $i++) $insert->execute([$i, $i % 7 == 0 ? null : "note $i ✓ ' \\", $i / 4]);
    $select = $db->prepare('SELECT * FROM of_pdo WHERE id IN (:a, :b) ORDER BY id');
    $select->execute(['a' => 7, 'b' => 8]);
    $show($select->fetchAll(PDO::FETCH_NUM));
    $db->beginTransaction();
    $show($db->exec("UPDATE of_pdo SET note = 'again'"));
    $db->rollBack();
    $show($db->query("SELECT COUNT(*) FROM of_pdo WHERE note = 'again'")->fetchColumn());
    $insert->execute([100, str_repeat('ü', 3000000), 1]);
    $select->execute(['a' => 100, 'b' => 100]);
    $show($select->fetch(PDO::FETCH_NUM)[1] === str_repeat('ü', 3000000));
    foreach (['INSERT INTO of_pdo (id) VALUES (1)', 'SELECT * FROM no_such_table', 'SELEKT 1'] as $sql) {
        try {
            $db->query($sql);
            print("no error\n");
        } catch (PDOException $error) {
            print($error->getMessage() . "\n");
        }
    }
    $show($db->query("SELECT 'still here'")->fetchColumn());
}
