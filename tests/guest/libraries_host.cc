// SPDX-License-Identifier: Apache-2.0
// A host that has the full libprotobuf, its own Asio and its own SQLite connection in one process
// with Mecha, and uses all of them in turns. What is compared is that each still does its own work.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <sqlite3.h>

#include <asio.hpp>
#include <string>

#include "guest/host.h"

namespace {

// Bytes through a socket pair of the host's own Asio.
bool UseAsio() {
  asio::io_context context;
  asio::local::stream_protocol::socket left(context);
  asio::local::stream_protocol::socket right(context);
  asio::local::connect_pair(left, right);
  std::string received(5, '\0');
  bool is_read = false;
  asio::async_read(right, asio::buffer(received),
                   [&](const asio::error_code& error, size_t) { is_read = !error; });
  asio::async_write(left, asio::buffer("hello", 5), [](const asio::error_code&, size_t) {});
  context.run();
  return is_read && received == "hello";
}

// A message type made at run time: needs the full library, not the lite one.
bool UseProtobuf() {
  google::protobuf::FileDescriptorProto file;
  file.set_name("mecha/host.proto");
  auto* type = file.add_message_type();
  type->set_name("Order");
  auto* field = type->add_field();
  field->set_name("total");
  field->set_number(1);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_INT64);
  field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  google::protobuf::DescriptorPool pool;
  const auto* descriptor = pool.BuildFile(file)->FindMessageTypeByName("Order");
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> order(factory.GetPrototype(descriptor)->New());
  order->GetReflection()->SetInt64(order.get(), descriptor->field(0), 42);
  return order->ShortDebugString() == "total: 42";
}

bool UseSqlite() {
  sqlite3* database = nullptr;
  const bool is_done = sqlite3_open(":memory:", &database) == SQLITE_OK &&
                       sqlite3_exec(database, "CREATE TABLE t(a); INSERT INTO t VALUES(1)", nullptr,
                                    nullptr, nullptr) == SQLITE_OK;
  sqlite3_close(database);
  return is_done;
}

bool UseMecha(mecha_runtime* runtime) { return host_use(runtime, "memory") == MECHA_OK; }

}  // namespace

int main() {
  mecha_runtime* runtime = nullptr;
  if (host_start_text(HOST_MEMORY_YAML, &runtime) != MECHA_OK) {
    return 1;
  }
  int status = 0;
  for (int round = 0; round < 50 && status == 0; ++round) {
    status = !UseAsio() ? 2 : !UseProtobuf() ? 3 : !UseSqlite() ? 4 : !UseMecha(runtime) ? 5 : 0;
  }
  mecha_runtime_free(runtime);
  if (status != 0) {
    fprintf(stderr, "libraries_host: step %d failed\n", status);
  }
  google::protobuf::ShutdownProtobufLibrary();
  return status;
}
