// SPDX-License-Identifier: Apache-2.0
// Feeds the C interface with calls made from the input: views of odd sizes, structs of other sizes,
// stale ids, handles that are NULL or closed. What is checked is that nothing crashes, that every
// MECHA_PENDING brings one event, that a request is answered once, and that every value's `release`
// runs once.
//
// Pointers are valid for the size they come with; that much a C caller must get right.
#include <cstdlib>
#include <cstring>

#include "guest/host.h"

namespace {

int released = 0;
int releases_expected = 0;

void CountRelease(void* /*ctx*/) { ++released; }

void Demand(bool condition) {
  if (!condition) {
    abort();
  }
}

// Takes small decisions from the input; zeros when it is used up.
class Source {
 public:
  Source(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool IsEmpty() const { return size_ == 0; }

  uint8_t Byte() {
    if (size_ == 0) {
      return 0;
    }
    --size_;
    return *data_++;
  }

  template <class T>
  T Number() {
    T value{};
    const size_t size = size_ < sizeof value ? size_ : sizeof value;
    std::memcpy(&value, data_, size);
    data_ += size;
    size_ -= size;
    return value;
  }

  // Absent, or a piece of the input itself.
  mecha_view View() {
    const uint8_t choice = Byte();
    if (choice == 0) {
      return {nullptr, 0};
    }
    if (choice == 1) {
      return {nullptr, Byte()};
    }
    const size_t size = choice % 32 < size_ ? choice % 32 : size_;
    const mecha_view view{data_, size};
    data_ += size;
    size_ -= size;
    return view;
  }

  // Mostly the store that exists.
  mecha_view Store() { return Byte() % 8 == 0 ? View() : host_view("memory"); }
  // Often one of a few keys, so that calls meet.
  mecha_view Key() { return Byte() % 2 == 0 ? View() : mecha_view{&"abcd"[Byte() % 4], 1}; }

  mecha_buf Value() {
    const mecha_view view = View();
    mecha_buf value{view.data, view.size, nullptr, nullptr};
    if (Byte() % 2 == 0) {
      value.release = CountRelease;
      ++releases_expected;
    }
    return value;
  }

  // A struct's size: mostly right, else anything up to the tail that the caller holds.
  template <class T>
  uint32_t StructSize() {
    return Byte() % 4 != 0 ? sizeof(T) : Byte() % (sizeof(T) + 17);
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

// A struct with room behind it for the tail a newer header would have.
template <class T>
struct Roomy {
  T value;
  unsigned char tail[16];

  explicit Roomy(Source& source) {
    std::memset(static_cast<void*>(this), 0, sizeof *this);
    tail[source.Byte() % 16] = source.Byte() % 4 == 0 ? 1 : 0;
  }
};

struct Session {
  mecha_runtime* runtime = nullptr;
  mecha_queue* queue = nullptr;
  mecha_op op = 0;
  int pending = 0;
  int events = 0;  // without requests
  mecha_registration* registration = nullptr;
  mecha_request request = 0;  // the last one, answered
};

// One call's description, with what it points to.
struct Call {
  Roomy<mecha_call> call;
  Roomy<mecha_retry> retry;
  mecha_kv metadata{};
  bool is_null;

  Call(Source& source, Session& session) : call(source), retry(source) {
    is_null = source.Byte() % 3 == 0;
    mecha_call& value = call.value;
    value.flags = source.Byte() % 4 == 0 ? source.Number<uint32_t>() : 0;
    value.flags &= ~uint32_t{MECHA_CALL_BORROW};  // what is passed goes away with this call
    value.queue = source.Byte() % 2 == 0 ? session.queue : nullptr;
    value.op = source.Byte() % 2 == 0 ? &session.op : nullptr;
    value.token = source.Byte();
    value.timeout_ns = source.Byte() % 4 == 0 ? source.Number<int64_t>() : 0;
    metadata = {source.View(), source.View()};
    value.metadata = &metadata;
    value.metadata_count = source.Byte() % 2;
    value.traceparent = source.View();
    value.tracestate = source.View();
    value.within = source.Byte() % 16 == 0 ? source.Number<uint64_t>() : 0;
    retry.value.pattern = source.Byte() % 5;
    retry.value.limit = source.Byte() % 3;
    retry.value.interval_ns = 1;
    retry.value.struct_size = source.StructSize<mecha_retry>();
    value.retry = source.Byte() % 4 == 0 ? &retry.value : nullptr;
    value.struct_size = source.StructSize<mecha_call>();
  }

  const mecha_call* get() const { return is_null ? nullptr : &call.value; }
};

void Read(mecha_result* result, Source& source) {
  Roomy<mecha_result_info> info(source);
  info.value.struct_size = source.StructSize<mecha_result_info>();
  mecha_result_read(result, &info.value);
  Roomy<mecha_item> item(source);
  item.value.struct_size = source.StructSize<mecha_item>();
  const auto index = source.Number<size_t>() % 5 - 1;
  mecha_result_item(result, index, &item.value);
  mecha_kv entry;
  mecha_result_metadata(result, source.Byte(), source.Byte(), &entry);
  const mecha_error* error = mecha_result_error(result, index);
  mecha_error_detail(error, "component");
  Demand(mecha_error_message(error) != nullptr);
  mecha_result_release(result);
}

void Expect(Session& session, mecha_status status, mecha_result* result, Source& source) {
  if (status == MECHA_PENDING) {
    ++session.pending;
  }
  Read(result, source);
}

void Apply(Session& session, Source& source) {
  mecha_state_op ops[4] = {};
  const size_t count = source.Byte() % 5;
  for (size_t i = 0; i < count; ++i) {
    ops[i].kind = source.Byte() % 4;
    ops[i].flags = source.Byte() % 3;
    ops[i].key = source.Key();
    ops[i].value = source.Value();
    ops[i].etag = source.View();
    ops[i].ttl_ms = source.Byte() - 2;
  }
  Roomy<mecha_state_apply_options> options(source);
  options.value.atomic = source.Byte() % 2;
  options.value.struct_size = source.StructSize<mecha_state_apply_options>();
  Call call(source, session);
  mecha_result* result = nullptr;
  const mecha_status status = mecha_state_apply(session.runtime, call.get(), source.Store(), ops,
                                                count, &options.value, &result);
  Expect(session, status, result, source);
}

void Publish(Session& session, Source& source) {
  mecha_message messages[3] = {};
  mecha_kv metadata[3];
  const size_t count = source.Byte() % 4;
  for (size_t i = 0; i < count; ++i) {
    metadata[i] = {source.Byte() % 2 == 0 ? host_view("ttl") : source.View(), source.View()};
    messages[i].data = source.Value();
    messages[i].content_type =
        source.Byte() % 2 == 0 ? host_view("application/cloudevents+json") : source.View();
    messages[i].id = source.View();
    messages[i].key = source.View();
    messages[i].metadata = &metadata[i];
    messages[i].metadata_count = source.Byte() % 2;
    messages[i].ttl_ms = source.Byte() % 4 == 0 ? source.Number<int64_t>() : 0;
    messages[i].flags = source.Byte() % 3;
  }
  Roomy<mecha_publish_options> options(source);
  options.value.struct_size = source.StructSize<mecha_publish_options>();
  Call call(source, session);
  mecha_result* result = nullptr;
  const mecha_view pubsub = source.Byte() % 8 == 0 ? source.View() : host_view("messages");
  const mecha_status status = mecha_publish(session.runtime, call.get(), pubsub, source.Key(),
                                            messages, count, &options.value, &result);
  Expect(session, status, result, source);
}

void Serve(Session& session, Source& source) {
  mecha_registration_free(session.registration);
  session.registration = nullptr;
  const mecha_view names[3] = {source.Key(), host_view("/orders/*"), source.View()};
  const mecha_kv setting{host_view("rawPayload"), source.View()};
  Roomy<mecha_serve_options> options(source);
  mecha_serve_options& value = options.value;
  value.kind = source.Byte() % 4 == 0 ? source.Byte() % 9 : 1 + source.Byte() % 2;
  if (value.kind != MECHA_SERVE_ROUTE || source.Byte() % 8 == 0) {
    value.component = source.Byte() % 8 == 0 ? source.View() : host_view("messages");
    value.spec = source.Byte() % 4 == 0 ? source.View() : mecha_view{};
    value.setting_count = source.Byte() % 8 == 0 ? 1 : 0;
  }
  value.names = names;
  value.name_count = source.Byte() % 4 == 0 ? source.Byte() % 4 : 1;
  value.settings = &setting;
  value.credit = source.Byte() % 4;
  value.flags = source.Byte() % 8 == 0 ? source.Number<uint32_t>() : source.Byte() % 2;
  value.ordering = source.Byte() % 4;
  value.batch_max = source.Byte() % 4;
  value.batch_wait_ns = source.Byte() % 2 == 0 ? -1 : source.Number<int64_t>();
  value.reply_timeout_ns = source.Byte() % 4 == 0 ? source.Number<int64_t>() : 0;
  value.struct_size = source.StructSize<mecha_serve_options>();
  Call call(source, session);
  mecha_result* result = nullptr;
  const mecha_status status = mecha_serve(session.runtime, call.get(), session.queue, &value,
                                          &session.registration, &result);
  Demand((status == MECHA_OK || status == MECHA_PENDING) == (session.registration != nullptr));
  Expect(session, status, result, source);
}

// Answers in some way; in the end the request is answered for sure.
void Answer(Session& session, mecha_request id, Source& source) {
  mecha_entry_verdict entries[2] = {{source.Byte() % 3u, source.Byte() % 5u, 1},
                                    {source.Byte() % 3u, 0, source.Byte() - 8}};
  Roomy<mecha_reply> reply(source);
  reply.value.verdict = source.Byte() % 5;
  reply.value.entries = source.Byte() % 2 == 0 ? entries : nullptr;
  reply.value.entry_count = reply.value.entries == nullptr ? 0 : source.Byte() % 3;
  reply.value.retry_after_ns = source.Byte() - 8;
  reply.value.struct_size = source.StructSize<mecha_reply>();
  mecha_request_extend(session.runtime, id, source.Byte() - 8);
  mecha_request_cancelled(session.runtime, id);
  mecha_request_reply(session.runtime, id, &reply.value);
  mecha_request_reply(session.runtime, id, nullptr);
  Demand(mecha_request_reply(session.runtime, id, nullptr) == MECHA_GONE);
  session.request = id;
}

void Handle(Session& session, const mecha_event& event, Source& source) {
  Roomy<mecha_request_info> info(source);
  info.value.struct_size = source.StructSize<mecha_request_info>();
  mecha_request_read(event.result, source.Byte() % 3, &info.value);
  mecha_kv entry;
  mecha_request_metadata(event.result, source.Byte() % 3, source.Byte(), &entry);
  Answer(session, event.id, source);
  Read(event.result, source);
}

void Steer(Session& session, Source& source) {
  if (source.Byte() % 2 == 0) {
    mecha_serve_credit(session.registration, source.Number<uint32_t>());
    Answer(session, source.Byte() % 2 == 0 ? session.request : source.Number<uint64_t>(), source);
    return;
  }
  Call call(source, session);
  mecha_result* result = nullptr;
  const mecha_status status =
      mecha_serve_stop(session.runtime, call.get(), session.registration, &result);
  Expect(session, status, result, source);
}

void GetOrSet(Session& session, Source& source, bool is_set) {
  Call call(source, session);
  mecha_result* result = nullptr;
  mecha_status status = MECHA_OK;
  if (is_set) {
    Roomy<mecha_state_set_options> options(source);
    options.value.flags = source.Byte() % 3;
    options.value.etag = source.View();
    options.value.content_type =
        source.Byte() % 2 == 0 ? host_view("application/json") : source.View();
    options.value.ttl_ms = source.Byte() % 4 == 0 ? source.Number<int64_t>() : 0;
    options.value.struct_size = source.StructSize<mecha_state_set_options>();
    status = mecha_state_set(session.runtime, call.get(), source.Store(), source.Key(),
                             source.Value(), &options.value, &result);
  } else {
    Roomy<mecha_state_get_options> options(source);
    options.value.consistency = source.Byte() % 4;
    options.value.struct_size = source.StructSize<mecha_state_get_options>();
    status = mecha_state_get(session.runtime, call.get(), source.Store(), source.Key(),
                             &options.value, &result);
  }
  Expect(session, status, result, source);
}

void ReadMany(Session& session, Source& source, bool is_list) {
  Call call(source, session);
  mecha_result* result = nullptr;
  mecha_status status = MECHA_OK;
  if (is_list) {
    Roomy<mecha_state_list_options> options(source);
    options.value.limit = source.Byte() % 4;
    options.value.page = source.View();
    options.value.struct_size = source.StructSize<mecha_state_list_options>();
    status = mecha_state_list(session.runtime, call.get(), source.Store(), source.View(),
                              &options.value, &result);
  } else {
    const mecha_view keys[3] = {source.Key(), source.Key(), source.View()};
    status = mecha_state_get_many(session.runtime, call.get(), source.Store(), keys,
                                  source.Byte() % 4, nullptr, &result);
  }
  Expect(session, status, result, source);
}

void Search(Session& session, Source& source) {
  Roomy<mecha_state_query_options> options(source);
  options.value.limit = source.Byte() % 4;
  options.value.page = source.View();
  options.value.struct_size = source.StructSize<mecha_state_query_options>();
  Call call(source, session);
  mecha_result* result = nullptr;
  const mecha_status status = mecha_state_query(session.runtime, call.get(), source.Store(),
                                                source.View(), &options.value, &result);
  Expect(session, status, result, source);
}

void Delete(Session& session, Source& source) {
  Roomy<mecha_state_delete_options> options(source);
  options.value.flags = source.Byte() % 3;
  options.value.etag = source.View();
  options.value.struct_size = source.StructSize<mecha_state_delete_options>();
  Call call(source, session);
  mecha_result* result = nullptr;
  const mecha_status status = mecha_state_delete(session.runtime, call.get(), source.Store(),
                                                 source.Key(), &options.value, &result);
  Expect(session, status, result, source);
}

void Other(Session& session, Source& source) {
  Call call(source, session);
  mecha_result* result = nullptr;
  switch (source.Byte() % 6) {
    case 0:
      mecha_runtime_cancel(session.runtime, source.Number<uint64_t>());
      break;
    case 1:
      mecha_runtime_cancel(session.runtime, session.op);
      break;
    case 2:
      mecha_runtime_describe(session.runtime, &result);
      Read(result, source);
      break;
    case 3: {
      const mecha_status status = mecha_secret_get(session.runtime, call.get(), source.Store(),
                                                   source.View(), nullptr, &result);
      Expect(session, status, result, source);
      break;
    }
    case 4: {
      const mecha_status status =
          mecha_secret_list(session.runtime, call.get(), source.Store(), nullptr, &result);
      Expect(session, status, result, source);
      break;
    }
    default:
      mecha_status_name(source.Number<int32_t>());
  }
}

// True when something came.
bool Collect(Session& session, int64_t timeout_ns, Source& source) {
  mecha_event events[4];
  const int32_t count = mecha_queue_wait(session.queue, events, 4, timeout_ns);
  for (int32_t i = 0; i < count; ++i) {
    if (events[i].kind == MECHA_EVENT_REQUEST) {
      Handle(session, events[i], source);
      continue;
    }
    ++session.events;
    Read(events[i].result, source);
  }
  return count > 0;
}

void Step(Session& session, Source& source) {
  switch (source.Byte() % 11) {
    case 0:
      return GetOrSet(session, source, true);
    case 1:
      return GetOrSet(session, source, false);
    case 2:
      return Apply(session, source);
    case 3:
      return ReadMany(session, source, source.Byte() % 2 == 0);
    case 4:
      return Delete(session, source);
    case 5:
      return Other(session, source);
    case 6:
      return Search(session, source);
    case 7:
      return Publish(session, source);
    case 8:
      return Serve(session, source);
    case 9:
      return Steer(session, source);
    default:
      Collect(session, 0, source);
  }
}

// Kept for the whole program: a runtime for each input would test opening only.
mecha_runtime* SharedRuntime() {
  static mecha_runtime* const runtime = [] {
    mecha_runtime* made = nullptr;
    Demand(host_start_text(HOST_MEMORY_YAML "---\n" HOST_MESSAGES_YAML, &made) == MECHA_OK);
    return made;
  }();
  return runtime;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Source source(data, size);
  Session session;
  session.runtime = SharedRuntime();
  released = releases_expected = 0;
  Demand(mecha_queue_open(session.runtime, nullptr, &session.queue) == MECHA_OK);
  for (int i = 0; i < 32 && !source.IsEmpty(); ++i) {
    Step(session, source);
  }
  while (session.events < session.pending) {
    Demand(Collect(session, 5'000'000'000, source));
  }
  mecha_registration_free(session.registration);
  while (Collect(session, 0, source)) {
  }
  Demand(session.events == session.pending);
  mecha_queue_free(session.queue);
  Demand(released == releases_expected);
  return 0;
}
