#include "proxy/session/transaction_view.hpp"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

using Did = TransactionView::Did;

constexpr std::uint16_t DUPLICATE_KEY = 1062;
constexpr std::uint16_t DEADLOCK = 1213;

TEST(Transaction, begin_alone_has_done_nothing) {
  TransactionView view;
  view.answered({.in_transaction = true, .autocommit = true}, Did::begin_or_end);
  EXPECT_TRUE(view.is_open());
  EXPECT_FALSE(view.has_worked());
  view.answered({.in_transaction = true, .autocommit = true}, Did::work);
  EXPECT_TRUE(view.has_worked());
}

TEST(Transaction, commit_ends_it) {
  TransactionView view;
  view.answered({.in_transaction = true, .autocommit = true}, Did::work);
  view.answered({.in_transaction = false, .autocommit = true}, Did::work);
  EXPECT_FALSE(view.is_open());
  EXPECT_FALSE(view.has_worked());
}

TEST(Transaction, begun_by_the_end_of_another_has_done_nothing) {
  TransactionView view;
  view.answered({.in_transaction = true, .autocommit = true}, Did::work);
  view.answered({.in_transaction = true, .autocommit = true}, Did::begin_or_end);
  EXPECT_TRUE(view.is_open());
  EXPECT_FALSE(view.has_worked());
}

TEST(Transaction, error_leaves_it_open) {
  TransactionView view;
  view.answered({.in_transaction = true, .autocommit = true}, Did::begin_or_end);
  view.failed(DUPLICATE_KEY);
  EXPECT_TRUE(view.is_open());
  EXPECT_TRUE(view.has_worked());
}

TEST(Transaction, deadlock_has_rolled_it_back) {
  TransactionView view;
  view.answered({.in_transaction = true, .autocommit = true}, Did::work);
  view.failed(DEADLOCK);
  EXPECT_FALSE(view.is_open());
}

TEST(Transaction, error_without_autocommit_may_have_begun_one) {
  TransactionView view;
  view.answered({.in_transaction = false, .autocommit = false}, Did::work);
  view.failed(DUPLICATE_KEY);
  EXPECT_TRUE(view.is_open());
}

TEST(Transaction, error_with_autocommit_begins_none) {
  TransactionView view;
  view.failed(DUPLICATE_KEY);
  EXPECT_FALSE(view.is_open());
}

}  // namespace
}  // namespace sluice::proxy
