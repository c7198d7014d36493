// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "encoding/utf8.h"

namespace mecha {
namespace {

constexpr size_t kDeepest = 64;

// Ends the reading from inside a yaml-cpp callback. Never leaves this file.
struct Refused {
  YamlProblem problem;
};

// Turns yaml-cpp's events into a tree.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(int first_line) : first_line_(first_line) {}

  YamlNode TakeRoot() { return std::move(root_); }
  bool has_seen_anything() const { return has_root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string&) override { RefuseAnchor(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAnchor(mark); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    CheckAnchor(mark, anchor);
    Add(Node(YamlNode::Kind::kNull, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    CheckAnchor(mark, anchor);
    CheckTag(mark, tag);
    YamlNode node = Node(YamlNode::Kind::kScalar, mark);
    node.was_quoted = tag == "!" || tag.ends_with(":str");
    node.text = value;
    Add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A collection that is still open. `key` waits for its value.
  struct Frame {
    YamlNode node;
    bool has_key = false;
    YamlNode key;
    std::unordered_map<std::string, int> lines_of_keys;
  };

  int LineOf(const YAML::Mark& mark) const { return first_line_ + std::max(mark.line, 0); }
  static int ColumnOf(const YAML::Mark& mark) { return std::max(mark.column, 0) + 1; }

  [[noreturn]] void Refuse(const YAML::Mark& mark, std::string text) const {
    throw Refused{{LineOf(mark), ColumnOf(mark), std::move(text), true}};
  }
  [[noreturn]] void RefuseAnchor(const YAML::Mark& mark) const {
    Refuse(mark,
           "anchors (&) and aliases (*) are not supported. Write the value out, or quote "
           "it if it is text.");
  }
  void CheckAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) {
      RefuseAnchor(mark);
    }
  }
  void CheckTag(const YAML::Mark& mark, const std::string& tag) const {
    static constexpr std::string_view kAllowed[] = {"",
                                                    "?",
                                                    "!",
                                                    "tag:yaml.org,2002:str",
                                                    "tag:yaml.org,2002:int",
                                                    "tag:yaml.org,2002:bool",
                                                    "tag:yaml.org,2002:float",
                                                    "tag:yaml.org,2002:null",
                                                    "tag:yaml.org,2002:seq",
                                                    "tag:yaml.org,2002:map"};
    if (std::ranges::find(kAllowed, tag) == std::end(kAllowed)) {
      Refuse(mark, "the tag \"" + tag.substr(0, 64) + "\" is not supported. Remove it.");
    }
  }

  YamlNode Node(YamlNode::Kind kind, const YAML::Mark& mark) const {
    YamlNode node;
    node.kind = kind;
    node.line = LineOf(mark);
    node.column = ColumnOf(mark);
    return node;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    CheckAnchor(mark, anchor);
    CheckTag(mark, tag);
    if (open_.size() >= kDeepest) {
      Refuse(mark, "nested deeper than " + std::to_string(kDeepest) +
                       " levels. Resources are never that deep: check the brackets.");
    }
    open_.emplace_back();
    open_.back().node = Node(kind, mark);
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Add(std::move(node));
  }

  // Puts a finished node where it belongs: root, list entry, key, or value of the waiting key.
  void Add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      has_root_ = true;
      return;
    }
    Frame& frame = open_.back();
    if (frame.node.kind == YamlNode::Kind::kMapping && !frame.has_key) {
      AddKey(frame, std::move(node));
      return;
    }
    if (frame.has_key) {
      node.key = std::move(frame.key.text);
      node.key_line = frame.key.line;
      node.key_column = frame.key.column;
      frame.has_key = false;
    }
    frame.node.children.push_back(std::move(node));
  }

  void AddKey(Frame& frame, YamlNode key) const {
    if (key.kind != YamlNode::Kind::kScalar) {
      throw Refused{{key.line, key.column, "a key must be text. Quote it.", true}};
    }
    const auto [first, is_new] = frame.lines_of_keys.try_emplace(key.text, key.line);
    if (!is_new) {
      throw Refused{{key.line, key.column,
                     "the key \"" + key.text.substr(0, 64) + "\" stands here a second time, " +
                         "first in line " + std::to_string(first->second) + ". Remove one.",
                     true}};
    }
    frame.key = std::move(key);
    frame.has_key = true;
  }

  const int first_line_;
  bool has_root_ = false;
  YamlNode root_;
  std::vector<Frame> open_;
};

// Line and column of a byte, for what is found before the parser runs.
YamlProblem ProblemAt(std::string_view text, size_t byte, int first_line, std::string what) {
  const std::string_view before = text.substr(0, byte);
  const auto newlines = std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0
  return {first_line + static_cast<int>(newlines), static_cast<int>(byte - line_start) + 1,
          std::move(what), false};
}

std::variant<YamlNode, YamlProblem> ReadChecked(std::string_view text, int first_line) {
  TreeBuilder builder(first_line);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.TakeRoot();
    TreeBuilder second(first_line);
    if (parser.HandleNextDocument(second) && second.has_seen_anything()) {
      const YamlNode next = second.TakeRoot();
      return YamlProblem{next.line, next.column,
                         "a second document starts here. Separate documents with a line \"---\".",
                         true};
    }
    return root;
  } catch (const Refused& refused) {
    return refused.problem;
  } catch (const YAML::Exception& error) {
    return YamlProblem{first_line + std::max(error.mark.line, 0),
                       std::max(error.mark.column, 0) + 1,
                       "not valid YAML: " + error.msg +
                           ". Check the indentation, quotes and brackets here and above.",
                       false};
  } catch (const std::exception& error) {
    return YamlProblem{first_line, 1, std::string("cannot be read as YAML: ") + error.what(),
                       false};
  }
}

}  // namespace

std::variant<YamlNode, YamlProblem> ReadYamlDocument(std::string_view text, int first_line) {
  if (const size_t valid = ValidUtf8Prefix(text); valid != text.size()) {
    return ProblemAt(text, valid, first_line, "not UTF-8 text. Save the file as UTF-8.");
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return ProblemAt(text, nul, first_line, "a NUL byte. Save the file as UTF-8 text.");
  }
  return ReadChecked(text, first_line);
}

}  // namespace mecha
