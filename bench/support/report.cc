// SPDX-License-Identifier: Apache-2.0
#include "support/report.h"

#include <cstdio>
#include <fstream>
#include <string_view>
#include <thread>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

double Rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 1000)) / 1000;
}

Json JsonOf(const std::string& name, const Cost& cost) {
  return {{"name", name},
          {"p50_us", Rounded(cost.p50_us)},
          {"p99_us", Rounded(cost.p99_us)},
          {"ops_s", static_cast<int64_t>(cost.operations_per_second)},
          {"cpu_s_per_1m", Rounded(cost.cpu_seconds_per_million)}};
}

std::string Words(const Target& target) {
  std::string words;
  const auto add = [&](const char* format, double limit) {
    if (limit > 0) {
      char text[48];
      std::snprintf(text, sizeof text, format, limit);
      words += (words.empty() ? "" : ", ") + std::string(text);
    }
  };
  add("p50 ratio <= %.2f", target.most_ratio_p50);
  add("p99 ratio <= %.2f", target.most_ratio_p99);
  add("p50 <= %.2f us", target.most_p50_us);
  return words;
}

bool IsWithin(double value, double limit) { return limit <= 0 || value <= limit; }

bool IsMet(const Comparison& comparison, const Target& target) {
  return IsWithin(comparison.ratio_p50, target.most_ratio_p50) &&
         IsWithin(comparison.ratio_p99, target.most_ratio_p99) &&
         IsWithin(comparison.first.p50_us, target.most_p50_us);
}

void PrintCost(const Json& cost) {
  std::printf("  %-28s p50 %9.3f us  p99 %9.3f us  %11.0f ops/s  %8.3f CPU s per 1 M\n",
              cost["name"].get<std::string>().c_str(), cost["p50_us"].get<double>(),
              cost["p99_us"].get<double>(), cost["ops_s"].get<double>(),
              cost["cpu_s_per_1m"].get<double>());
}

void PrintRow(const Json& row) {
  std::printf("%s\n", row["case"].get<std::string>().c_str());
  PrintCost(row["mecha"]);
  PrintCost(row["peer"]);
  std::printf("  ratio p50 %.3f  p99 %.3f", row["ratio_p50"].get<double>(),
              row["ratio_p99"].get<double>());
  if (row.contains("target")) {
    std::printf("   %s (%s)", row["met"].get<bool>() ? "met" : "MISSED",
                row["target"].get<std::string>().c_str());
  }
  std::printf("\n");
}

}  // namespace

Report::Report(std::string bench, std::string question) {
  json_ = {{"bench", std::move(bench)},
           {"question", std::move(question)},
           {"machine", {{"cores", std::thread::hardware_concurrency()}}},
           {"rows", Json::array()},
           {"notes", Json::array()}};
}

void Report::Add(const std::string& name, const std::string& first, const std::string& second,
                 const Comparison& comparison, const Target& target) {
  Json row = {{"case", name},
              {"mecha", JsonOf(first, comparison.first)},
              {"peer", JsonOf(second, comparison.second)},
              {"ratio_p50", Rounded(comparison.ratio_p50)},
              {"ratio_p99", Rounded(comparison.ratio_p99)}};
  const std::string words = Words(target);
  if (!words.empty()) {
    const bool is_met = IsMet(comparison, target);
    row["target"] = words;
    row["met"] = is_met;
    has_met_all_ = has_met_all_ && is_met;
  }
  PrintRow(row);
  std::fflush(stdout);
  json_["rows"].push_back(std::move(row));
}

void Report::AddNote(const std::string& note) {
  std::printf("note: %s\n", note.c_str());
  json_["notes"].push_back(note);
}

int Report::Finish(int argc, char** argv) const {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") {
      std::ofstream(argv[i + 1]) << json_.dump(2) << "\n";
    }
  }
  return has_met_all_ ? 0 : 1;
}

}  // namespace bench
