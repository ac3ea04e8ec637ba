// Completion in real shells, and the manual page in a real formatter.
#include <gmock/gmock.h>

#include "tests/docs/documents.hpp"
#include "tests/support/scratch.hpp"

namespace sluice::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ShellHelp : public testing::Test {
 protected:
  std::string says(const std::string& commands) {
    const auto ran = run_commands(commands, folder.path());
    EXPECT_EQ(ran.status, 0) << ran.output;
    return ran.output;
  }
  ScratchFolder folder{"shell"};
};

TEST_F(ShellHelp, bash_completes_commands_flags_and_files) {
  const std::string completed =
      "source <(sluice completion bash)\n"
      "completed() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _sluice; echo \"${COMPREPLY[*]}\"; }\n";
  EXPECT_EQ(says(completed + "completed sluice st"), "status stop\n");
  EXPECT_EQ(says(completed + "completed sluice migrate --chunk"), "--chunk-size --chunk-time-ms\n");
  EXPECT_EQ(says(completed + "completed sluice serve --drain"), "--drain-timeout-seconds\n");
  EXPECT_EQ(says(completed + "touch sluice.yaml; completed sluice serve --config slu"), "sluice.yaml\n");
}

TEST_F(ShellHelp, zsh_completes_commands_and_flags) {
  const auto typed = [&](const std::string& line, const std::string& awaited) {
    return says(
        "sluice completion zsh >_sluice\ncat >typed <<'ZSH'\n"
        "zmodload zsh/zpty\n"
        "zpty shell 'COLUMNS=200 zsh -f -i'\n"
        "zpty -w shell 'PS1=; autoload -Uz compinit; fpath=($PWD $fpath); compinit -u -D; print rea''dy'\n"
        "zpty -r shell text '*ready*'\n"
        "zpty -w -n shell $'" +
        line +
        "\\t\\t'\n"
        "zpty -r shell text '*" +
        awaited +
        "*'\n"
        "print -r -- \"$text\"\n"
        "ZSH\nexec zsh -f typed");
  };
  EXPECT_THAT(typed("sluice st", "Show one migration"), HasSubstr("status"));
  EXPECT_THAT(typed("sluice migrate --chunk-", "chunk-time-ms"), HasSubstr("rows from 1 to 100000"));
}

TEST_F(ShellHelp, manual_page_is_sound_and_has_every_command) {
  const auto page =
      says("sluice completion man >sluice.1; groff -man -ww -Tutf8 -P-c sluice.1 2>&1 | sed 's/.\\x08//g'");
  EXPECT_THAT(page, Not(HasSubstr("warning")));
  for (const char* shown :
       {"sluice serve", "sluice cut-over", "--chunk-time-ms", "SLUICE_PASSWORD", "Ends with 0 when"}) {
    EXPECT_THAT(page, HasSubstr(shown));
  }
}

}  // namespace
}  // namespace sluice::test
