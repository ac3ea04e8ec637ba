-- The common dialogue for command-line clients, run with --force.
DROP TABLE IF EXISTS of_cli;
CREATE TABLE of_cli (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4;
INSERT INTO of_cli VALUES (0, NULL, 0), (1, 'one ✓ '' \\', 0.25), (2, REPEAT('ü', 1000000), 0.5);
PREPARE select_one FROM 'SELECT * FROM of_cli WHERE id = ?';
SET @id = 1;
EXECUTE select_one USING @id;
DEALLOCATE PREPARE select_one;
BEGIN;
UPDATE of_cli SET note = 'again';
SELECT ROW_COUNT();
ROLLBACK;
SELECT COUNT(*) FROM of_cli WHERE note = 'again';
SELECT LENGTH(note), CRC32(note) FROM of_cli;
INSERT INTO of_cli (id) VALUES (1);
SELECT * FROM no_such_table;
SELEKT 1;
USE mysql;
SELECT DATABASE();
USE test;
DROP PROCEDURE IF EXISTS two_results;
delimiter $
CREATE PROCEDURE two_results() BEGIN SELECT 1; SELECT id FROM of_cli; END$
CALL two_results()$
SELECT 1; SELECT 2; SELECT * FROM no_such_table; SELECT 3$
delimiter ;
SHOW WARNINGS;
SELECT a.id, b.id FROM of_cli a, of_cli b ORDER BY 1, 2;
