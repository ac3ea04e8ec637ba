// java -cp mariadb-java-client.jar Dialogue.java PORT OPTIONS: the common dialogue with MariaDB Connector/J, which sends
// commands ahead of their answers if OPTIONS say so.
import java.sql.*;

public class Dialogue {
  static Connection db;

  static void print(ResultSet rows) throws SQLException {
    while (rows.next()) {
      StringBuilder line = new StringBuilder();
      for (int i = 1; i <= rows.getMetaData().getColumnCount(); ++i) line.append(rows.getString(i)).append('|');
      System.out.println(line);
    }
  }

  static void fails(String sql) {
    try (Statement statement = db.createStatement()) {
      statement.execute(sql);
      System.out.println("no error");
    } catch (SQLException error) {
      // The connector puts the connection's number into its text.
      System.out.println(error.getErrorCode() + " " + error.getSQLState() + " "
                         + error.getMessage().replaceAll("\\(conn=\\d+\\) ", ""));
    }
  }

  public static void main(String[] arguments) throws SQLException {
    db = DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + arguments[0] + "/test?user=app&password=app's&"
                                     + arguments[1]);
    Statement statement = db.createStatement();
    statement.execute("DROP TABLE IF EXISTS of_java");
    statement.execute("CREATE TABLE of_java (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4");
    PreparedStatement insert = db.prepareStatement("INSERT INTO of_java VALUES (?, ?, ?)");
    for (int i = 0; i < 50; ++i) {
      insert.setInt(1, i);
      insert.setString(2, i % 7 == 0 ? null : "note " + i + " ✓ ' \\");
      insert.setDouble(3, i / 4.0);
      insert.addBatch();
    }
    System.out.println(insert.executeBatch().length);
    PreparedStatement select = db.prepareStatement("SELECT * FROM of_java WHERE id IN (?, ?) ORDER BY id");
    select.setInt(1, 7);
    select.setInt(2, 8);
    print(select.executeQuery());
    db.setAutoCommit(false);
    System.out.println(statement.executeUpdate("UPDATE of_java SET note = 'again'"));
    db.rollback();
    db.setAutoCommit(true);
    print(statement.executeQuery("SELECT COUNT(*) FROM of_java WHERE note = 'again'"));
    String big = "ü".repeat(3000000);
    insert.setInt(1, 100);
    insert.setString(2, big);
    insert.setDouble(3, 1);
    insert.executeUpdate();
    ResultSet back = statement.executeQuery("SELECT note FROM of_java WHERE id = 100");
    back.next();
    System.out.println(back.getString(1).equals(big));
    boolean isResult = statement.execute("SELECT 1; SELECT 2; DO 0");
    while (isResult) {
      print(statement.getResultSet());
      isResult = statement.getMoreResults();
    }
    // Row by row: a cursor at the server where prepared there, else streamed.
    Statement streaming = db.createStatement();
    streaming.setFetchSize(10);
    int count = 0;
    for (ResultSet rows = streaming.executeQuery("SELECT a.id FROM of_java a, of_java b"); rows.next(); ) ++count;
    System.out.println(count);
    fails("INSERT INTO of_java (id) VALUES (1)");
    fails("SELECT * FROM no_such_table");
    fails("SELEKT 1");
    System.out.println(db.isValid(5));
    db.close();
  }
}
