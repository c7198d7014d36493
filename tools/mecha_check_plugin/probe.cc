// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include "conformance/client/answer.h"

namespace {

// A queue and what it serves, ended together.
class Topic {
 public:
  explicit Topic(mecha_runtime* rt) : rt_(rt) { mecha_queue_open(rt, nullptr, &queue_); }
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;
  ~Topic() {
    mecha_registration_free(registration_);
    mecha_queue_free(queue_);
  }

  mecha_status Serve(const mecha_call* call, mecha_result** out) {
    const mecha_view name = conformance::ViewOf("probe");
    mecha_serve_options options{};
    options.struct_size = sizeof options;
    options.kind = MECHA_SERVE_TOPIC;
    options.component = conformance::ViewOf("store");
    options.names = &name;
    options.name_count = 1;
    return mecha_serve(rt_, call, queue_, &options, &registration_, out);
  }
  mecha_status Publish(const mecha_call* call, mecha_result** out) const {
    mecha_message message{};
    message.data.data = "value";
    message.data.size = 5;
    return mecha_publish(rt_, call, conformance::ViewOf("store"), conformance::ViewOf("probe"),
                         &message, 1, nullptr, out);
  }
  // Takes the message that must have come.
  bool Handle(const Tell& tell) {
    mecha_event event{};
    if (mecha_queue_wait(queue_, &event, 1, kFiveSeconds) != 1) {
      tell("no message comes within 5 s of its publication");
      return false;
    }
    mecha_result_release(event.result);
    return mecha_request_reply(rt_, event.id, nullptr) == MECHA_OK;
  }
  mecha_status Stop(const mecha_call* call, mecha_result** out) {
    return mecha_serve_stop(rt_, call, registration_, out);
  }

 private:
  mecha_runtime* rt_;
  mecha_queue* queue_ = nullptr;
  mecha_registration* registration_ = nullptr;
};

}  // namespace

bool Asked(const Tell& tell, const std::string& what, mecha_status wanted,
           const std::function<mecha_status(const mecha_call*, mecha_result**)>& ask) {
  mecha_call call{};
  call.struct_size = sizeof call;
  call.timeout_ns = kFiveSeconds;
  mecha_result* result = nullptr;
  const mecha_status status = ask(&call, &result);
  const conformance::Answer answer = conformance::TakeAnswer(status, result);
  if (status != wanted) {
    tell(what + " ends with " + mecha_status_name(status) + " instead of " +
         mecha_status_name(wanted) + (answer.error.empty() ? "" : ": " + answer.error));
  }
  return status == wanted;
}

bool ProbeBroker(mecha_runtime* rt, const Tell& tell) {
  Topic topic(rt);
  using Call = const mecha_call*;
  return Asked(tell, "subscribe", MECHA_OK,
               [&](Call call, mecha_result** out) { return topic.Serve(call, out); }) &&
         Asked(tell, "publish", MECHA_OK,
               [&](Call call, mecha_result** out) { return topic.Publish(call, out); }) &&
         topic.Handle(tell) && Asked(tell, "stop", MECHA_OK, [&](Call call, mecha_result** out) {
           return topic.Stop(call, out);
         });
}
