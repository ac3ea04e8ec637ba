// What a person may write as options, and what they are told when it is something else.
#include "migrator/options/options_json.hpp"

#include <gmock/gmock.h>

#include <set>

namespace sluice::migrator {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view json) {
  const auto options = options_from_json_text(json);
  return options ? "accepted" : options.error().code + ": " + options.error().message;
}

TEST(Options, left_out_keep_their_defaults) {
  const auto options = options_from_json_text("{}");
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->chunk_size, Options{}.chunk_size);
}

TEST(Options, come_back_from_their_own_text) {
  constexpr auto all =
      R"({"chunk_size":7,"chunk_time_ms":8,"copy_threads":3,"defer_secondary_indexes":true,"attempt_instant_ddl":true,)"
      R"("max_load":"Threads_running=25,Uptime=3","critical_load":"Threads_running=9",)"
      R"("max_lag_millis":700,"throttle_control_replicas":"db2:3307,[::1]:3306","throttle_query":"SELECT 0",)"
      R"("throttle_http":"https://db.example/ok?x=1","throttle_flag_file":"/a","nice_ratio":1.5,)"
      R"("max_client_latency_ms":20,"panic_flag_file":"/b",)"
      R"("postpone_cut_over":true,"postpone_cut_over_flag_file":"/c","cut_over_window":"sat 22:00-04:00 UTC","hold_timeout_ms":10,"drain_timeout_ms":11,)"
      R"("on_blocker":"kill","fence":"gate+lock","verify":"off","discard_foreign_keys":true,)"
      R"("include_triggers":true,"approve_renamed_columns":["a=b","c=d=e"],"allow_zero_in_date":true,)"
      R"("initially_drop_ghost_table":true,)"
      R"("initially_drop_old_table":true,"ok_to_drop_table":true,"old_table_retention":"7d",)"
      R"("compatibility_queries":["SELECT 1",{"sql":"WITH x AS (SELECT 2) SELECT 1","max_rows":3,"max_ratio":1.5}],"guards":[{"name":"x","when":"disk_percent:/a:b","threshold":1.5,)"
      R"("for":"10s","action":"panic"},{"when":"sql:SELECT 1","threshold":2,"severity":"high","if_unevaluable":"pause"},)"
      R"({"when":"http:http://a/b?c=d"},{"when":"http:https://a/"}],"webhooks":["http://a/",{"url":"https://b/c","events":["guard","cut_over"]}]})";
  const auto options = options_from_json_text(all);
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->max_load.at("Uptime"), 3U);
  EXPECT_EQ(options->copy_threads, 3U);
  EXPECT_TRUE(options->defer_secondary_indexes && options->attempt_instant_ddl);
  EXPECT_EQ(options->throttle_control_replicas.at(0), (net::Address{"db2", 3307}));
  EXPECT_EQ(options->throttle_control_replicas.at(1), (net::Address{"::1", 3306}));
  EXPECT_EQ(options->old_table_retention, std::chrono::hours{24 * 7});
  EXPECT_EQ(options->fence, Fence::gate_and_lock);
  EXPECT_THAT(options->approve_renamed_columns, testing::ElementsAre("a=b", "c=d=e"));
  EXPECT_TRUE(options->discard_foreign_keys && options->include_triggers && options->allow_zero_in_date);
  ASSERT_EQ(options->guards.size(), 4U);
  EXPECT_EQ(options->guards[0].subject, "/a:b");
  EXPECT_EQ(options->guards[0].lasts, std::chrono::seconds{10});
  EXPECT_EQ(options->guards[1].name, "sql");
  EXPECT_EQ(options->guards[3].name, "http-2");
  EXPECT_EQ(options->guards[3].threshold, 1);
  const auto again = options_from_json_text(options_to_json_text(*options));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(options_to_json_text(*again), options_to_json_text(*options));
  EXPECT_NE(options_to_json_text(*options), options_to_json_text({}));
}

TEST(Options, tell_a_misspelling_from_something_to_come) {
  EXPECT_EQ(refusal(R"({"chunk_sise":1})"), "unknown_option: unknown option chunk_sise; did you mean chunk_size?");
  EXPECT_EQ(refusal(R"({"colour":1})"), "unknown_option: unknown option colour");
  EXPECT_EQ(refusal(R"({"backup":[]})"),
            "invalid_option: option backup must be \"none\", \"definition\" or \"data\"");
}

TEST(Options, say_what_is_wrong_with_a_guard) {
  const auto guard = [](const std::string& members) { return refusal(R"({"guards":[{)" + members + "}]}"); };
  EXPECT_EQ(refusal(R"({"guards":[]})"), "accepted") << "none at all";
  EXPECT_THAT(refusal(R"({"guards":{}})"), HasSubstr("option guards: it must be a list"));
  EXPECT_THAT(refusal(R"({"guards":[1]})"), HasSubstr("each must be an object"));
  EXPECT_THAT(guard(""), HasSubstr("guard number 1: when must be cpu_percent, "));
  EXPECT_THAT(guard(R"("when":"cpu_percent:x","threshold":1)"), HasSubstr("when must be"));
  EXPECT_THAT(guard(R"("when":"disk_percent","threshold":1)"), HasSubstr("when must be"));
  EXPECT_THAT(guard(R"("when":"disk_percent:var","threshold":1)"), HasSubstr("an absolute path"));
  EXPECT_THAT(guard(R"("when":"http:ftp://a/")"), HasSubstr("needs a URL"));
  EXPECT_THAT(guard(R"("when":"sql:","threshold":1)"), HasSubstr("needs a SELECT"));
  EXPECT_THAT(guard(R"("when":"sql:/* SELECT */ DELETE FROM t","threshold":1)"), HasSubstr("needs a SELECT"));
  EXPECT_THAT(guard(R"("name":"a","when":"cpu_percent","threshold":"80")"), HasSubstr("guard a: threshold must be a"));
  EXPECT_THAT(guard(R"("when":"cpu_percent","threshold":80,"for":10)"), HasSubstr("for must be a duration"));
  EXPECT_THAT(guard(R"("when":"cpu_percent","threshold":80,"severity":"dire")"), HasSubstr("severity must be low"));
  EXPECT_THAT(guard(R"("when":"mismatches","action":"warn","severity":"low")"), HasSubstr("one of the two"));
  EXPECT_THAT(guard(R"("when":"mismatches","if_unevaluable":"panic")"), HasSubstr("must be warn or pause"));
  EXPECT_THAT(guard(R"("when":"mismatches","treshold":1)"), HasSubstr("unknown member treshold"));
  EXPECT_THAT(guard(R"("name":"","when":"mismatches")"), HasSubstr("1 to 64 bytes"));
  EXPECT_THAT(refusal(R"({"guards":[{"name":"a","when":"mismatches"},{"name":"a","when":"mismatches"}]})"),
              HasSubstr("two guards have the name a"));
}

TEST(Options, say_what_a_value_must_be) {
  EXPECT_THAT(refusal(R"({"chunk_size":"7"})"), HasSubstr("chunk_size must be a whole number"));
  EXPECT_THAT(refusal(R"({"chunk_size":0})"), HasSubstr("chunk_size must be"));
  EXPECT_THAT(refusal(R"({"chunk_size":-1})"), HasSubstr("chunk_size must be"));
  EXPECT_THAT(refusal(R"({"chunk_size":1.5})"), HasSubstr("chunk_size must be"));
  EXPECT_THAT(refusal(R"({"copy_threads":0})"), HasSubstr("copy_threads must be"));
  EXPECT_THAT(refusal(R"({"copy_threads":33})"), HasSubstr("from 1 to 32"));
  EXPECT_THAT(refusal(R"({"nice_ratio":-0.5})"), HasSubstr("nice_ratio must be"));
  EXPECT_THAT(refusal(R"({"verify":"maybe"})"), HasSubstr(R"(verify must be "full" or "off")"));
  EXPECT_THAT(refusal(R"({"postpone_cut_over":1})"), HasSubstr("must be true or false"));
  EXPECT_THAT(refusal(R"({"compatibility_queries":[1]})"),
              HasSubstr("option compatibility_queries: number 1 must be SQL"));
  EXPECT_THAT(refusal(R"({"cut_over_window":"22-04"})"), HasSubstr("cut_over_window must be times of the day like"));
  for (const auto* flag : {"discard_foreign_keys", "include_triggers", "allow_zero_in_date", "defer_secondary_indexes",
                           "attempt_instant_ddl"}) {
    EXPECT_THAT(refusal(std::string{R"({")"} + flag + R"(":1})"), HasSubstr("must be true or false"));
    Options options;
    EXPECT_EQ(change_options(options, std::string{R"({")"} + flag + R"(":true})")->code, "not_changeable");
  }
  for (const auto* renames : {"true", R"("a=b")", R"(["a"])", R"(["=b"])", R"(["a="])", "[1]"}) {
    EXPECT_THAT(refusal(std::string{R"({"approve_renamed_columns":)"} + renames + "}"), HasSubstr("old=new"));
  }
  EXPECT_THAT(refusal(R"({"max_client_latency_ms":-1})"), HasSubstr("max_client_latency_ms must be"));
  EXPECT_THAT(refusal(R"({"max_client_latency_ms":600001})"), HasSubstr("or 0 for no limit"));
  EXPECT_EQ(refusal(R"({"max_client_latency_ms":0})"), "accepted");
  EXPECT_THAT(refusal(R"({"max_lag_millis":0})"), HasSubstr("max_lag_millis must be"));
  for (const auto* replicas : {":3306", "a,", ",a", "a:", "a:0", "a:99999", "/run/mysqld.sock", "a:1,a:1", "[::1"}) {
    EXPECT_THAT(refusal(std::string{R"({"throttle_control_replicas":")"} + replicas + "\"}"), HasSubstr("addresses"))
        << replicas;
  }
  for (const auto* url : {"x", "ftp://a/", "http://", "http:///x", "http://a:0/", "http://a:99999/", "http://u:p@a/",
                          "http://a/#part", "http://a b/", "//a/", "/x"}) {
    EXPECT_THAT(refusal(std::string{R"({"throttle_http":")"} + url + "\"}"), HasSubstr("throttle_http must be a URL"))
        << url;
  }
  for (const auto* load : {"x", "a=", "=1", "a=1,", "a=1,a=2", "a b=1", "a=-1", "a=99999999999999999999"}) {
    EXPECT_THAT(refusal(std::string{R"({"max_load":")"} + load + "\"}"), HasSubstr("max_load must be")) << load;
  }
  for (const auto* duration : {"", "1", "h", "1w", "-1s", "1.5h", "99999999999999999999s", "9999999d"}) {
    EXPECT_THAT(refusal(std::string{R"({"old_table_retention":")"} + duration + "\"}"), HasSubstr("duration"))
        << duration;
  }
}

TEST(Options, that_are_no_object_are_refused) {
  for (const auto* json : {"", "{", "[]", "null", "1", R"({"chunk_size":1}x)", R"("x")"}) {
    EXPECT_NE(refusal(json), "accepted") << json;
  }
}

TEST(Options, change_while_running_all_or_none) {
  Options options;
  const auto problem = change_options(options, R"({"chunk_size":5,"fence":"gate"})");
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->code, "not_changeable");
  EXPECT_EQ(options.chunk_size, Options{}.chunk_size);
  EXPECT_FALSE(change_options(options, R"({"chunk_size":5})").has_value());
  EXPECT_EQ(options.chunk_size, 5U);
}

TEST(Options, have_names_of_their_own_and_flags) {
  std::set<std::string> flags;
  for (const auto& option : known_options()) EXPECT_TRUE(flags.insert(flag_name(option.name)).second);
  EXPECT_TRUE(flags.contains("--old-table-retention"));
}

TEST(Options, flags_become_json_of_the_options_form) {
  constexpr OptionInfo number{"chunk_size", OptionForm::number, Changes::while_running, ""};
  constexpr OptionInfo flag{"ok_to_drop_table", OptionForm::flag, Changes::while_running, ""};
  constexpr OptionInfo text{"verify", OptionForm::text, Changes::while_running, ""};
  EXPECT_EQ(flag_to_json_text(number, "250"), "250");
  EXPECT_EQ(flag_to_json_text(number, "many"), R"("many")");
  EXPECT_EQ(flag_to_json_text(flag, ""), "true");
  EXPECT_EQ(flag_to_json_text(text, "a\"b"), R"("a\"b")");
}

}  // namespace
}  // namespace sluice::migrator
