#include "migrator/options/http_url.hpp"

#include <gtest/gtest.h>

namespace sluice::migrator {
namespace {

TEST(HttpUrl, has_the_schemes_own_port_and_a_path_of_its_own) {
  const auto url = http_url_from("http://db.example");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, HttpUrl::Scheme::http);
  EXPECT_EQ(url->address, (net::Address{"db.example", 80}));
  EXPECT_EQ(url->host, "db.example");
  EXPECT_EQ(url->target, "/");
}

TEST(HttpUrl, keeps_what_it_is_given) {
  const auto url = http_url_from("https://[::1]:8443/may/go?on=1&x=%20");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, HttpUrl::Scheme::https);
  EXPECT_EQ(url->address, (net::Address{"::1", 8443}));
  EXPECT_EQ(url->host, "[::1]:8443");
  EXPECT_EQ(url->target, "/may/go?on=1&x=%20");
  EXPECT_EQ(http_url_from("https://a")->address.port, 443);
  EXPECT_EQ(http_url_from("http://a?x")->target, "/?x");
}

}  // namespace
}  // namespace sluice::migrator
