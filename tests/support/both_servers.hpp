// Runs a suite on MySQL and on MariaDB. There is no skipping: a server that is missing fails the suite.
//
//   class Relay : public sluice::test::OnBothServers {};
//   SLUICE_ON_BOTH_SERVERS(Relay);
//   TEST_P(Relay, passes_a_query) { auto client = server().connect(); ... }
//
// One server a kind serves all tests of the executable (its databases are the tests' to tidy up); a test that stops or
// reconfigures its server starts its own: TestServer::start(GetParam(), {...}).
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "tests/support/server.hpp"

namespace sluice::test {

class OnBothServers : public testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] TestServer& server() {
    // gtest runs tests on the main thread, whose static objects go before the process does.
    static std::array<std::optional<TestServer>, 2> servers;
    auto& mine = servers.at(static_cast<std::size_t>(GetParam()));
    if (!mine) mine.emplace(TestServer::start(GetParam()));
    return *mine;
  }
};

}  // namespace sluice::test

#define SLUICE_ON_BOTH_SERVERS(suite)                                                                          \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(sluice::test::Kind::mysql, sluice::test::Kind::mariadb), \
                           [](const auto& info) { return std::string{sluice::test::name(info.param)}; })
