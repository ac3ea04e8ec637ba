// A coroutine that is suspended until somebody hands it a value. Costs an Asio translation unit.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace sluice::net {

template <class Value>
class Continuation {
 public:
  virtual ~Continuation() = default;
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  // On the coroutine's own thread, which goes on within this call. Once: the object is gone afterwards. One that is
  // destroyed instead destroys its coroutine.
  virtual void resume(Value value) = 0;

 protected:
  Continuation() = default;
};

template <class Value, class Handler>
class ContinuationOf final : public Continuation<Value> {
 public:
  explicit ContinuationOf(Handler handler) : handler_(std::move(handler)) {}
  void resume(Value value) override {
    auto handler = std::move(handler_);
    delete this;
    std::move(handler)(std::move(value));
  }

 private:
  Handler handler_;
};

// Suspends the caller and gives its continuation to `keep`, which owns it.
template <class Value, class Keep>
[[nodiscard]] boost::asio::awaitable<Value> suspend(Keep keep) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Value)>(
      [keep = std::move(keep)]<class Handler>(Handler handler) mutable {
        keep(std::unique_ptr<Continuation<Value>>{new ContinuationOf<Value, Handler>{std::move(handler)}});
      },
      boost::asio::use_awaitable);
}

}  // namespace sluice::net
