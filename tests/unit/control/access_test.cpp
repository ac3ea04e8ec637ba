#include "control/access.hpp"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

unsigned status_of(const std::optional<Response>& refused) {
  return refused ? refused->status : 200;
}

TEST(Access, WithATokenItMustBeShown) {
  EXPECT_EQ(status_of(refusal({.target = "/migrate"}, "secret")), 401U);
  EXPECT_EQ(status_of(refusal({.target = "/migrate", .authorization = "Bearer secreT"}, "secret")), 401U);
  EXPECT_EQ(status_of(refusal({.target = "/migrate", .authorization = "Bearer "}, "secret")), 401U);
  EXPECT_EQ(status_of(refusal({.target = "/migrate", .authorization = "Basic secret"}, "secret")), 401U);
  EXPECT_EQ(status_of(refusal({.target = "/metrics"}, "secret")), 401U);
  EXPECT_EQ(status_of(refusal({.target = "/migrate", .authorization = "Bearer secret"}, "secret")), 200U);
  EXPECT_EQ(status_of(refusal({.target = "/migrate", .authorization = "bearer secret"}, "secret")), 200U);
}

TEST(Access, ProbesPageAndContractNeedNoToken) {
  for (const auto path : {"/", "/healthz", "/readyz", "/openapi.yaml", "/?x", "/page/main.js", "/page/theme.css?x"}) {
    EXPECT_EQ(status_of(refusal({.target = path}, "secret")), 200U) << path;
  }
  for (const auto path : {"/healthz/../migrate", "/page/../migrate", "/page/", "/events", "/clients"}) {
    EXPECT_EQ(status_of(refusal({.target = path}, "secret")), 401U) << path;
  }
}

TEST(Access, WithoutATokenOnlyThisMachineIsAnswered) {
  EXPECT_EQ(status_of(refusal({.host = "127.0.0.1:8080"}, "")), 200U);
  EXPECT_EQ(status_of(refusal({}, "")), 200U);
  EXPECT_EQ(status_of(refusal({.host = "rebound.example:8080"}, "")), 403U);
}

TEST(Access, WithoutATokenPagesFromElsewhereAreRefused) {
  EXPECT_EQ(status_of(refusal({.host = "localhost:80", .origin = "http://localhost:80"}, "")), 200U);
  EXPECT_EQ(status_of(refusal({.host = "localhost:80", .origin = "https://evil.example"}, "")), 403U);
  EXPECT_EQ(status_of(refusal({.host = "localhost:80", .origin = "null"}, "")), 403U);
}

TEST(Access, LoopbackHostsAreKnownByName) {
  for (const auto host : {"localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:80"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const auto host : {"127.evil.example", "localhost.evil.example", "[::1]evil", "10.0.0.1", "[::2]"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace sluice::control
