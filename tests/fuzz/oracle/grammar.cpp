#include "tests/fuzz/oracle/grammar.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>

#include "tests/fuzz/oracle/templates.hpp"

namespace sluice::oracle {
namespace {

bool is_for(std::string_view text, test::Kind server) {
  if (text.starts_with("my:")) return server == test::Kind::mysql;
  return !text.starts_with("ma:") || server == test::Kind::mariadb;
}

class Expansion {
 public:
  Expansion(const Voice& voice, Dice& dice) : voice_(voice), dice_(dice) {}

  [[nodiscard]] Sentence sentence_of(std::span<const char* const> templates) {
    std::string_view text = dice_.of(templates);
    while (!is_for(text, voice_.server)) text = dice_.of(templates);
    if (text.starts_with("my:") || text.starts_with("ma:")) text.remove_prefix(3);
    expand(text);
    return std::move(sentence_);
  }

 private:
  void expand(std::string_view text) {
    while (!text.empty()) {
      const std::string_view token = text.substr(0, text.find(' '));
      text.remove_prefix(std::min(token.size() + 1, text.size()));
      if (token.size() == 2 && token[0] == '%') {
        placeholder(token[1]);
      } else {
        sentence_.push_back(
            {token.find_first_of("'\"@{[$") == std::string_view::npos ? Piece::Kind::word : Piece::Kind::raw,
             std::string(token), ""});
      }
    }
  }

  void placeholder(char what) {
    switch (what) {
      case 'r':
        return name(readable_names());
      case 'w':
        return name(writable_names());
      case 'b':
        return name(base_tables());
      case 'p':
        return name(procedures());
      case 'f':
        return call();
      case 't':
        return name_from_database();
      case '1':
      case '2':
        sentence_.push_back({Piece::Kind::ident, alias(what), ""});
        return;
      case 'q':
        return expand(dice_.of(select_templates()));
      case 'e':
        return expand(
            dice_.text({"id", "%n", "%l", "n + %n", "CASE id WHEN 1 THEN 2 END", "%f", "( SELECT MIN(id) FROM %r )"}));
      case 'c':
        return expand(dice_.text({"1", "id = %k", "n < %n", "s <> %l", "id IN ( SELECT n FROM %r )", "n IS NULL"}));
      case 'l':
        sentence_.push_back({Piece::Kind::raw, literal(voice_, dice_), ""});
        return;
      case 'n':
        sentence_.push_back({Piece::Kind::number, dice_.text({"1", "2.5", ".5", "1e1", "3.", "1.5e+1", "0x2"}), ""});
        return;
      case 'k':
        sentence_.push_back({Piece::Kind::raw, dice_.text({"1", "2", "3"}), ""});
        return;
      default:
        sentence_.push_back({Piece::Kind::raw, what == 'x' ? "shop.nothing" : "shop.nowhere", ""});
    }
  }

  [[nodiscard]] Name one_of(const std::vector<Name>& names) {
    for (;;) {
      // Mostly the tables of easy names.
      const Name& found =
          names[dice_.one_in(2) ? dice_.below(std::min<std::size_t>(names.size(), 2)) : dice_.below(names.size())];
      if (can_spell(voice_, found.name)) return found;
    }
  }
  void name(const std::vector<Name>& names) {
    const Name found = one_of(names);
    sentence_.push_back({Piece::Kind::name, found.name, found.database});
  }
  void call() {
    const Name found = dice_.of(functions());
    sentence_.push_back({Piece::Kind::name, found.name, found.database});
    sentence_.push_back({Piece::Kind::raw, "(", ""});
    if (found.name == "f_touch") sentence_.push_back({Piece::Kind::raw, "2", ""});
    sentence_.push_back({Piece::Kind::raw, ")", ""});
  }
  void name_from_database() {
    const Name found = one_of(base_tables());
    sentence_.push_back({Piece::Kind::ident, found.name, ""});
    sentence_.push_back({Piece::Kind::word, dice_.text({"FROM", "IN"}), ""});
    sentence_.push_back({Piece::Kind::ident, found.database, ""});
  }
  [[nodiscard]] std::string alias(char which) {
    auto& chosen = aliases_[which];
    if (chosen.empty()) {
      chosen =
          which == '1' ? dice_.text({"a1", "t", "orders", "shop", "x y"}) : dice_.text({"b1", "items", "crm", "b`q"});
    }
    return chosen;
  }

  const Voice& voice_;
  Dice& dice_;
  Sentence sentence_;
  std::map<char, std::string> aliases_;
};

std::string statement(std::span<const char* const> templates, const Voice& voice, Dice& dice) {
  return spell(Expansion(voice, dice).sentence_of(templates), voice, dice);
}

std::string read_or_write(const Voice& voice, Dice& dice) {
  return statement(dice.one_in(2) ? read_templates() : write_templates(), voice, dice);
}

Script of_queries(const Voice& after, std::vector<std::string> texts, std::vector<std::string> cleanup = {}) {
  Script script{.after = after, .cleanup = std::move(cleanup)};
  for (std::string& text : texts) script.steps.push_back({Step::Kind::query, std::move(text)});
  return script;
}

std::string other_database(const Voice& voice) {
  return voice.database == "crm" ? "shop" : "crm";
}

// The session changes: USE, SET NAMES, SET sql_mode, COM_INIT_DB.
Script change_session(const Voice& voice, Dice& dice) {
  Voice after = voice;
  if (dice.one_in(2)) {
    after.database = dice.text({"shop", "crm"});
    if (dice.one_in(3)) return {.steps = {{Step::Kind::init_db, after.database}}, .after = after};
    return of_queries(after,
                      {spell({{Piece::Kind::word, "USE", ""}, {Piece::Kind::ident, after.database, ""}}, voice, dice)});
  }
  if (dice.one_in(2)) {
    constexpr Charset all[] = {Charset::utf8mb4, Charset::latin1, Charset::cp1251,
                               Charset::gbk,     Charset::sjis,   Charset::big5};
    after.charset = dice.one_in(2) ? Charset::utf8mb4 : dice.of(all);
    const std::string form =
        dice.text({"SET NAMES ", "SET CHARACTER SET ", "SET CHAR SET ", "SET CHARSET ", "SET character_set_client = ",
                   "SET @@`character_set_client` = ", "SET SESSION character_set_client := ", "SET @a = 1, NAMES "});
    return of_queries(after, {form + name_of(after.charset)});
  }
  after.ansi_quotes = dice.one_in(3);
  after.no_backslash = dice.one_in(3);
  after.oracle = voice.server == test::Kind::mariadb && dice.one_in(6);
  std::string modes = after.ansi_quotes ? "ANSI_QUOTES," : "";
  if (after.no_backslash) modes += "NO_BACKSLASH_ESCAPES,";
  if (after.oracle) modes += "ORACLE,";
  if (dice.one_in(4)) modes += "PIPES_AS_CONCAT,";
  after.ansi_quotes = after.ansi_quotes || after.oracle;
  return of_queries(after, {"SET sql_mode = '" + modes + "'"});
}

// The text of a statement by way of PREPARE.
Script text_prepared(const Voice& voice, Dice& dice) {
  const std::string text = read_or_write(voice, dice);
  if (voice.server == test::Kind::mariadb && dice.one_in(6)) {
    Voice after = voice;
    after.database = other_database(voice);
    return of_queries(after, {"EXECUTE IMMEDIATE 'USE " + after.database + "'"});
  }
  if (voice.server == test::Kind::mariadb && dice.one_in(4)) {
    return of_queries(voice, {"EXECUTE IMMEDIATE " + literal_of(text, voice)});
  }
  if (dice.one_in(3)) {
    return of_queries(voice, {"SET @q = " + literal_of(text, voice), "PREPARE q FROM @q", "EXECUTE q"},
                      {"DEALLOCATE PREPARE q"});
  }
  return of_queries(voice, {"PREPARE q FROM " + literal_of(text, voice), "EXECUTE q"}, {"DEALLOCATE PREPARE q"});
}

Script several(const Voice& voice, Dice& dice) {
  Voice after = voice;
  std::string text = read_or_write(voice, dice);
  for (std::size_t more = dice.below(3); more > 0; --more) {
    text += dice.text({";", " ; ", ";\n", ";;", ";/* ; */"});
    if (text.ends_with(";;")) text.pop_back();
    if (dice.one_in(3)) {
      after.database = other_database(after);
      text += "USE " + after.database + ";";
    }
    text += read_or_write(after, dice);
  }
  return of_queries(after, {text});
}

Script special(const Voice& voice, Dice& dice) {
  const bool mariadb = voice.server == test::Kind::mariadb;
  switch (dice.below(5)) {
    case 0: {
      const std::string open = statement(std::to_array<const char*>({"HANDLER %b OPEN AS h"}), voice, dice);
      return of_queries(voice, {open, "HANDLER h READ FIRST", "HANDLER h READ NEXT"}, {"HANDLER h CLOSE"});
    }
    case 1: {
      const std::string lock = statement(
          std::to_array<const char*>({"LOCK TABLES %r READ", "LOCK TABLES %b WRITE , %b AS zz READ"}), voice, dice);
      return of_queries(voice, {lock}, {"UNLOCK TABLES"});
    }
    case 2:
      if (!mariadb) break;
      return of_queries(voice, {"SET STATEMENT max_statement_time = " + dice.text({"9", "9.5", "9."}) + " FOR " +
                                read_or_write(voice, dice)});
    case 3:
      if (!mariadb) break;
      if (voice.oracle)
        return of_queries(voice, {dice.text({"BEGIN shop.p_work; END", "IF 1 = 1 THEN shop.p_work(); END IF",
                                             "DECLARE x INT; BEGIN shop.p_work; END"})});
      return of_queries(voice, {"BEGIN NOT ATOMIC " + read_or_write(voice, dice) + "; END"});
    default:
      if (mariadb) break;
      Voice there = voice;
      there.database = other_database(voice);
      return of_queries(
          voice, {dice.text({"EXPLAIN FOR SCHEMA ", "EXPLAIN ANALYZE FOR DATABASE ", "DESC FORMAT=JSON FOR SCHEMA "}) +
                  there.database + " " + statement(select_templates(), there, dice)});
  }
  return of_queries(voice, {read_or_write(voice, dice)});
}

}  // namespace

Script next_script(const Voice& voice, Dice& dice) {
  const std::size_t roll = dice.below(100);
  if (roll < 4) return change_session(voice, dice);
  if (roll < 10) return text_prepared(voice, dice);
  if (roll < 18) return several(voice, dice);
  if (roll < 26) return special(voice, dice);
  if (roll < 36) return {.steps = {{Step::Kind::binary, read_or_write(voice, dice)}}, .after = voice};
  Script script{.after = voice};
  if (roll < 50) {
    script.witness = Script::Witness::binlog;
    script.steps = {{Step::Kind::query, statement(write_templates(), voice, dice)}};
  } else if (roll < 54) {
    script.witness = Script::Witness::guard;
    script.steps = {
        {Step::Kind::query, statement(dice.one_in(6) ? write_templates() : guarded_templates(), voice, dice)}};
    script.cleanup = {"UNLOCK TABLES", "HANDLER h CLOSE", "BACKUP UNLOCK", "DROP VIEW IF EXISTS shop.nothing",
                      "DROP TABLE IF EXISTS shop.nothing, shop.nowhere"};
  } else {
    script.steps = {{Step::Kind::query, read_or_write(voice, dice)}};
  }
  return script;
}

}  // namespace sluice::oracle
