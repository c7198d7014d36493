// SPDX-License-Identifier: Apache-2.0
// A main for fuzz targets where libFuzzer is not at hand: feeds the seeds, then mutations of them,
// for a few seconds. It knows nothing of coverage; finding new paths is libFuzzer's work.
//
//   fuzz_x [--seeds FOLDER] [--seed NUMBER] [--runs NUMBER] [--seconds NUMBER]   or   fuzz_x
//   FILE...
//
// The seed is printed first, so that a crash can be repeated; before each input it is written to
// the file named by MECHA_FUZZ_LAST, if that is set.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Input = std::vector<uint8_t>;

struct Options {
  std::string seeds;
  uint64_t seed = std::random_device()();
  int runs = 20000;
  int seconds = 3;
  std::vector<std::string> files;
};

Input Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Mutator {
 public:
  // Without seeds it starts from random bytes.
  Mutator(std::vector<Input> corpus, uint64_t seed) : corpus_(std::move(corpus)), random_(seed) {
    if (!corpus_.empty()) {
      return;
    }
    for (size_t size = 0; size < 1024; size += 128) {
      Input input(size);
      std::generate(input.begin(), input.end(), [this] { return static_cast<uint8_t>(random_()); });
      corpus_.push_back(std::move(input));
    }
  }

  Input Next() {
    Input input = corpus_[Below(corpus_.size())];
    for (size_t i = 0, count = 1 + Below(8); i < count; ++i) {
      Change(input);
    }
    input.resize(std::min<size_t>(input.size(), 64 << 10));
    return input;
  }

 private:
  size_t Below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void Change(Input& input) {
    static constexpr uint8_t kOdd[] = {0, 1, 0x0A, 0x0D, ' ', '"', '-', ':', '|', 0x7F, 0x80, 0xFF};
    const auto at = static_cast<std::ptrdiff_t>(Below(input.size() + 1));
    const auto length = static_cast<std::ptrdiff_t>(
        std::min<size_t>(input.size() - static_cast<size_t>(at), 1 + Below(16)));
    switch (Below(5)) {
      case 0:
        input.insert(input.begin() + at, static_cast<uint8_t>(random_()));
        break;
      case 1:
        input.insert(input.begin() + at, kOdd[Below(std::size(kOdd))]);
        break;
      case 2:
        input.erase(input.begin() + at, input.begin() + at + length);
        break;
      case 3: {
        const Input piece(input.begin() + at, input.begin() + at + length);
        const auto to = static_cast<std::ptrdiff_t>(Below(input.size() + 1));
        input.insert(input.begin() + to, piece.begin(), piece.end());
        break;
      }
      default:
        if (length > 0) {
          input[static_cast<size_t>(at)] ^= static_cast<uint8_t>(1u << Below(8));
        }
    }
  }

  std::vector<Input> corpus_;
  std::mt19937_64 random_;
};

void Run(const Input& input) {
  static const char* const last = std::getenv("MECHA_FUZZ_LAST");
  if (last != nullptr) {
    std::ofstream(last, std::ios::binary)
        .write(reinterpret_cast<const char*>(input.data()), static_cast<long>(input.size()));
  }
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

Options Parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (name.substr(0, 2) != "--" || i + 1 == count) {
      options.files.emplace_back(name);
    } else if (name == "--seeds") {
      options.seeds = arguments[++i];
    } else if (name == "--seed") {
      options.seed = std::strtoull(arguments[++i], nullptr, 10);
    } else if (name == "--runs") {
      options.runs = std::atoi(arguments[++i]);
    } else if (name == "--seconds") {
      options.seconds = std::atoi(arguments[++i]);
    }
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = Parse(count, arguments);
  for (const std::string& file : options.files) {
    Run(Read(file));
  }
  if (!options.files.empty()) {
    return 0;
  }
  std::vector<Input> corpus;
  if (std::filesystem::is_directory(options.seeds)) {
    for (const auto& entry : std::filesystem::directory_iterator(options.seeds)) {
      corpus.push_back(Read(entry.path()));
    }
  }
  std::sort(corpus.begin(), corpus.end());  // the folder's order differs between machines
  std::printf("seed %llu, %zu files\n", static_cast<unsigned long long>(options.seed),
              corpus.size());
  std::fflush(stdout);
  for (const Input& input : corpus) {
    Run(input);
  }
  Mutator mutator(corpus, options.seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  int runs = 0;
  while (runs < options.runs && std::chrono::steady_clock::now() < end) {
    Run(mutator.Next());
    ++runs;
  }
  std::printf("%d inputs tried\n", runs);
  return 0;
}
