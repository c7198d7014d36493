// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "mecha/mecha.h"
#include "state_blocking/contender.h"

namespace bench {
namespace {

mecha_view ViewOf(std::string_view text) { return {text.data(), text.size()}; }

class MechaContender final : public Contender {
 public:
  MechaContender(std::string type, const std::string& metadata, const std::string& version)
      : type_(std::move(type)) {
    const std::string document =
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: store\nspec:\n  type: " +
        type_ + "\n  version: " + version + "\n" + metadata;
    const mecha_view text = ViewOf(document);
    mecha_runtime_options options{};
    options.struct_size = sizeof options;
    options.api_version = MECHA_API_VERSION;
    options.app_id = ViewOf("app");
    options.resource_texts = &text;
    options.resource_text_count = 1;
    mecha_error* error = nullptr;
    if (mecha_runtime_open(&options, &runtime_, &error) != MECHA_OK ||
        mecha_runtime_start(runtime_, &error) != MECHA_OK) {
      Fail(mecha_error_message(error));
    }
  }
  MechaContender(const MechaContender&) = delete;
  MechaContender& operator=(const MechaContender&) = delete;
  ~MechaContender() override { mecha_runtime_free(runtime_); }

  std::string name() const override { return "mecha " + type_; }

  size_t Get(const Key& key) override {
    mecha_result* result = nullptr;
    if (mecha_state_get(runtime_, nullptr, store_, ViewOf(key.own), nullptr, &result) != MECHA_OK) {
      Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
    }
    mecha_item item{};
    item.struct_size = sizeof item;
    mecha_result_item(result, 0, &item);
    const size_t size = item.value.size;
    mecha_result_release(result);
    return size;
  }

  void Set(const Key& key, std::string_view value) override {
    mecha_result* result = nullptr;
    if (mecha_state_set(runtime_, nullptr, store_, ViewOf(key.own),
                        {value.data(), value.size(), nullptr, nullptr}, nullptr,
                        &result) != MECHA_OK) {
      Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
    }
    mecha_result_release(result);
  }

  size_t GetMany(std::span<const Key> keys) override {
    views_.clear();
    for (const Key& key : keys) {
      views_.push_back(ViewOf(key.own));
    }
    mecha_result* result = nullptr;
    if (mecha_state_get_many(runtime_, nullptr, store_, views_.data(), views_.size(), nullptr,
                             &result) != MECHA_OK) {
      Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
    }
    size_t size = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      mecha_item item{};
      item.struct_size = sizeof item;
      mecha_result_item(result, i, &item);
      size += item.value.size;
    }
    mecha_result_release(result);
    return size;
  }

  void SetTogether(std::span<const Key> keys, std::string_view value) override {
    operations_.assign(keys.size(), mecha_state_op{});
    for (size_t i = 0; i < keys.size(); ++i) {
      operations_[i].kind = MECHA_STATE_SET;
      operations_[i].key = ViewOf(keys[i].own);
      operations_[i].value = {value.data(), value.size(), nullptr, nullptr};
    }
    mecha_state_apply_options options{};
    options.struct_size = sizeof options;
    options.atomic = 1;
    mecha_result* result = nullptr;
    if (mecha_state_apply(runtime_, nullptr, store_, operations_.data(), operations_.size(),
                          &options, &result) != MECHA_OK) {
      Fail(mecha_error_message(mecha_result_error(result, MECHA_RESULT_WHOLE)));
    }
    mecha_result_release(result);
  }

 private:
  const std::string type_;
  const mecha_view store_ = ViewOf("store");
  mecha_runtime* runtime_ = nullptr;
  std::vector<mecha_view> views_;
  std::vector<mecha_state_op> operations_;
};

}  // namespace

std::unique_ptr<Contender> MakeMechaContender(const std::string& type, const std::string& metadata,
                                              const std::string& version) {
  return std::make_unique<MechaContender>(type, metadata, version);
}

}  // namespace bench
