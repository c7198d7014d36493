// SPDX-License-Identifier: Apache-2.0
#include "runtime_api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace function_host {
namespace {

constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
// Of the wait for an invocation: none, in effect. The process may be frozen meanwhile.
constexpr std::chrono::hours kForEver{24 * 365 * 10};
constexpr std::chrono::seconds kPostTimeout{10};

std::string_view FieldOf(std::string_view trace_id, std::string_view name) {
  while (!trace_id.empty()) {
    const std::size_t end = std::min(trace_id.find(';'), trace_id.size());
    std::string_view field = trace_id.substr(0, end);
    trace_id.remove_prefix(std::min(end + 1, trace_id.size()));
    if (field.substr(0, name.size()) == name) return field.substr(name.size());
  }
  return {};
}

bool IsLowerHex(std::string_view text, std::size_t size) {
  return text.size() == size &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string TraceparentOf(std::string_view trace_id) {
  const std::string_view root = FieldOf(trace_id, "Root=");
  const std::string_view parent = FieldOf(trace_id, "Parent=");
  if (root.size() != 35 || root.substr(0, 2) != "1-" || root[10] != '-' ||
      !IsLowerHex(root.substr(2, 8), 8) || !IsLowerHex(root.substr(11), 24) ||
      !IsLowerHex(parent, 16)) {
    return "";
  }
  std::string traceparent = "00-";
  traceparent.append(root.substr(2, 8)).append(root.substr(11)).append("-").append(parent);
  return traceparent + (FieldOf(trace_id, "Sampled=") == "1" ? "-01" : "-00");
}

std::optional<Invocation> RuntimeApi::Next(std::string& problem) {
  HttpRequest request;
  request.method = "GET";
  const std::string path = std::string(kPrefix) + "invocation/next";
  request.path = path;
  request.timeout = kForEver;
  request.ends_at_stop = true;
  HttpResponse response;
  if (!client_.Send(request, response, problem)) return std::nullopt;
  Invocation invocation;
  invocation.id = response.Header("lambda-runtime-aws-request-id");
  if (response.status != 200 || invocation.id.empty()) {
    problem = path + ": status " + std::to_string(response.status) + ", request id \"" +
              invocation.id + "\"";
    return std::nullopt;
  }
  const std::string_view deadline = response.Header("lambda-runtime-deadline-ms");
  std::int64_t milliseconds = 0;
  std::from_chars(deadline.data(), deadline.data() + deadline.size(), milliseconds);
  invocation.deadline =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds));
  invocation.traceparent = TraceparentOf(response.Header("lambda-runtime-trace-id"));
  invocation.payload = std::move(response.body);
  return invocation;
}

bool RuntimeApi::Post(const HttpRequest& request, std::string& problem) {
  HttpRequest post = request;
  post.method = "POST";
  post.timeout = kPostTimeout;
  HttpResponse response;
  if (!client_.Send(post, response, problem)) return false;
  if (response.status == 202) return true;
  problem = std::string(request.path) + ": status " + std::to_string(response.status) + " " +
            response.body.substr(0, 200);
  return false;
}

bool RuntimeApi::Respond(const std::string& id, std::string_view body, std::string& problem) {
  const std::string path = std::string(kPrefix) + "invocation/" + id + "/response";
  HttpRequest request;
  request.path = path;
  request.body = body;
  request.headers = {{"Content-Type", "application/json"}};
  return Post(request, problem);
}

bool RuntimeApi::Fail(const std::string& id, const Failure& failure, std::string& problem) {
  return PostFailure(std::string(kPrefix) + "invocation/" + id + "/error", failure, problem);
}

bool RuntimeApi::FailStart(const Failure& failure, std::string& problem) {
  return PostFailure(std::string(kPrefix) + "init/error", failure, problem);
}

bool RuntimeApi::PostFailure(const std::string& path, const Failure& failure,
                             std::string& problem) {
  const nlohmann::json body = {{"errorMessage", failure.message},
                               {"errorType", failure.type},
                               {"stackTrace", nlohmann::json::array()}};
  const std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  HttpRequest request;
  request.path = path;
  request.body = text;
  request.headers = {{"Content-Type", "application/vnd.aws.lambda.error+json"},
                     {"Lambda-Runtime-Function-Error-Type", failure.type}};
  return Post(request, problem);
}

}  // namespace function_host
