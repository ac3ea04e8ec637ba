# perl dialogue.pl DRIVER PORT: the common dialogue with DBD::mysql (mysql) or DBD::MariaDB (MariaDB).
use strict;
use warnings;
use utf8;
use DBI;
binmode STDOUT, ':utf8';

my ($driver, $port) = @ARGV;
my $prefix = lc $driver;
my $db = DBI->connect("DBI:$driver:database=test;host=127.0.0.1;port=$port;${prefix}_server_prepare=1", 'app', "app's",
                      { RaiseError => 0, PrintError => 0, AutoCommit => 1 }) or die DBI->errstr;
$db->do('SET NAMES utf8mb4');
my $table = "of_perl_$prefix";
sub fails { my $sql = shift; print defined $db->do($sql) ? "no error\n" : $db->err . ' ' . $db->state . ' ' . $db->errstr . "\n" }
my ($id) = $db->selectrow_array('SELECT CONNECTION_ID()');
print 'same thread: ', ($id == $db->{"${prefix}_thread_id"} || $db->{mysql_thread_id} == $id ? 'yes' : 'no'), "\n"
    if $driver eq 'MariaDB';
$db->do("DROP TABLE IF EXISTS $table");
$db->do("CREATE TABLE $table (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4");
my $insert = $db->prepare("INSERT INTO $table VALUES (?, ?, ?)");
$insert->execute($_, $_ % 7 == 0 ? undef : "note $_ ' \\", $_ / 4) for 0 .. 49;
my $select = $db->prepare("SELECT * FROM $table WHERE id IN (?, ?) ORDER BY id");
$select->execute(7, 8);
print join('|', map { $_ // 'NULL' } @$_), "\n" for @{ $select->fetchall_arrayref };
$db->begin_work;
print $db->do("UPDATE $table SET note = 'again'"), "\n";
$db->rollback;
print $db->selectrow_array("SELECT COUNT(*) FROM $table WHERE note = 'again'"), "\n";
$db->{LongReadLen} = 4_000_000;
$insert->execute(100, 'x' x 3_000_000, 1);
print $db->selectrow_array("SELECT LENGTH(note) FROM $table WHERE id = 100"), "\n";
fails("INSERT INTO $table (id) VALUES (1)");
fails('SELECT * FROM no_such_table');
fails('SELEKT 1');
print $db->ping ? "pong\n" : "gone\n";
$db->disconnect;
