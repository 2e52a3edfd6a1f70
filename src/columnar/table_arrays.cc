#include "columnar/table_arrays.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <limits>

namespace tickscope::columnar {
namespace {

using plugin::ColumnKind;
using plugin::ColumnSpec;
using plugin::TableColumn;

bool IsList(ColumnKind kind) {
  return kind == ColumnKind::kStringList || kind == ColumnKind::kInt64List || kind == ColumnKind::kDoubleList;
}

std::shared_ptr<arrow::DataType> TypeOf(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kString:
      return arrow::utf8();
    case ColumnKind::kInt64:
      return arrow::int64();
    case ColumnKind::kDouble:
      return arrow::float64();
    case ColumnKind::kTimestampMs:
      return arrow::timestamp(arrow::TimeUnit::MILLI);
    case ColumnKind::kStringMap:
      return arrow::map(arrow::utf8(), arrow::utf8());
    case ColumnKind::kStringList:
      return arrow::list(arrow::utf8());
    case ColumnKind::kInt64List:
      return arrow::list(arrow::int64());
    case ColumnKind::kDoubleList:
      return arrow::list(arrow::float64());
  }
  return arrow::null();
}

arrow::Status AppendMap(const plugin::TextMap& map, arrow::MapBuilder& builder) {
  auto& keys = static_cast<arrow::StringBuilder&>(*builder.key_builder());
  auto& items = static_cast<arrow::StringBuilder&>(*builder.item_builder());
  ARROW_RETURN_NOT_OK(builder.Append());
  for (const auto& [key, item] : map) {
    ARROW_RETURN_NOT_OK(keys.Append(key));
    ARROW_RETURN_NOT_OK(items.Append(item));
  }
  return arrow::Status::OK();
}

arrow::Status AppendItem(ColumnKind kind, const TableColumn& column, std::size_t at,
                         arrow::ArrayBuilder& builder) {
  switch (kind) {
    case ColumnKind::kString:
    case ColumnKind::kStringList:
      return static_cast<arrow::StringBuilder&>(builder).Append(column.texts[column.index[at]]);
    case ColumnKind::kInt64:
    case ColumnKind::kInt64List:
      return static_cast<arrow::Int64Builder&>(builder).Append(column.ints[at]);
    case ColumnKind::kTimestampMs:
      return static_cast<arrow::TimestampBuilder&>(builder).Append(column.ints[at]);
    case ColumnKind::kDouble:
    case ColumnKind::kDoubleList:
      return static_cast<arrow::DoubleBuilder&>(builder).Append(column.doubles[at]);
    case ColumnKind::kStringMap:
      return AppendMap(column.maps[column.index[at]], static_cast<arrow::MapBuilder&>(builder));
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Array>> ToArray(const ColumnSpec& spec, const TableColumn& column,
                                                     std::size_t rows) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<arrow::ArrayBuilder> builder,
                        arrow::MakeBuilder(TypeOf(spec.kind)));
  ARROW_RETURN_NOT_OK(builder->Reserve(static_cast<std::int64_t>(rows)));
  for (std::size_t row = 0; row < rows; ++row) {
    if (column.IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder->AppendNull());
    } else if (IsList(spec.kind)) {
      auto& list = static_cast<arrow::ListBuilder&>(*builder);
      ARROW_RETURN_NOT_OK(list.Append());
      const auto [first, last] = column.ItemsAt(row);
      for (std::size_t at = first; at < last; ++at)
        ARROW_RETURN_NOT_OK(AppendItem(spec.kind, column, at, *list.value_builder()));
    } else {
      ARROW_RETURN_NOT_OK(AppendItem(spec.kind, column, row, *builder));
    }
  }
  return builder->Finish();
}

// A text, kept once a run.
void AddText(std::string_view text, TableColumn& out) {
  const bool is_new = out.texts.empty() || out.texts.back() != text;
  if (is_new) out.texts.emplace_back(text);
  out.index.push_back(static_cast<std::uint32_t>(out.texts.size() - 1));
}

bool SameMap(const plugin::TextMap& map, const arrow::StringArray& keys, const arrow::StringArray& items,
             std::int64_t first, std::int64_t count) {
  if (map.size() != static_cast<std::size_t>(count)) return false;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto& [key, item] = map[static_cast<std::size_t>(i)];
    if (key != keys.GetView(first + i) || item != items.GetView(first + i)) return false;
  }
  return true;
}

void AddMap(const arrow::MapArray& array, const arrow::StringArray& keys, const arrow::StringArray& items,
            std::int64_t row, TableColumn& out) {
  const std::int64_t first = array.value_offset(row);
  const std::int64_t count = array.value_length(row);
  if (out.maps.empty() || !SameMap(out.maps.back(), keys, items, first, count)) {
    plugin::TextMap& map = out.maps.emplace_back();
    for (std::int64_t i = first; i < first + count; ++i)
      map.emplace_back(keys.GetView(i), items.GetView(i));
  }
  out.index.push_back(static_cast<std::uint32_t>(out.maps.size() - 1));
}

// Adds one value of a plain array; false for an array of another kind.
bool AddValue(ColumnKind kind, const arrow::Array& array, std::int64_t at, TableColumn& out) {
  switch (kind) {
    case ColumnKind::kString:
    case ColumnKind::kStringList:
      if (array.type_id() != arrow::Type::STRING) return false;
      AddText(static_cast<const arrow::StringArray&>(array).GetView(at), out);
      return true;
    case ColumnKind::kInt64:
    case ColumnKind::kInt64List:
      if (array.type_id() != arrow::Type::INT64) return false;
      out.ints.push_back(static_cast<const arrow::Int64Array&>(array).Value(at));
      return true;
    case ColumnKind::kTimestampMs: {
      if (array.type_id() != arrow::Type::TIMESTAMP) return false;
      // ORC keeps nanoseconds, whatever was written.
      const auto unit = static_cast<const arrow::TimestampType&>(*array.type()).unit();
      const std::int64_t value = static_cast<const arrow::TimestampArray&>(array).Value(at);
      constexpr std::int64_t kPerMs[] = {0, 1, 1'000, 1'000'000};
      if (unit == arrow::TimeUnit::SECOND) return false;
      out.ints.push_back(value / kPerMs[static_cast<std::size_t>(unit)]);
      return true;
    }
    case ColumnKind::kDouble:
    case ColumnKind::kDoubleList:
      if (array.type_id() != arrow::Type::DOUBLE) return false;
      out.doubles.push_back(static_cast<const arrow::DoubleArray&>(array).Value(at));
      return true;
    case ColumnKind::kStringMap:
      return false;
  }
  return false;
}

void AddNull(ColumnKind kind, TableColumn& out) {
  switch (kind) {
    case ColumnKind::kString:
    case ColumnKind::kStringMap:
      out.index.push_back(0);
      return;
    case ColumnKind::kInt64:
    case ColumnKind::kTimestampMs:
      out.ints.push_back(0);
      return;
    case ColumnKind::kDouble:
      out.doubles.push_back(0);
      return;
    case ColumnKind::kStringList:
    case ColumnKind::kInt64List:
    case ColumnKind::kDoubleList:
      out.ends.push_back(out.ends.empty() ? 0 : out.ends.back());
      return;
  }
}

class SourceFile final : public arrow::io::RandomAccessFile {
 public:
  explicit SourceFile(std::shared_ptr<plugin::TableSource> source) : source_(std::move(source)) {}

  arrow::Status Close() override {
    is_closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return is_closed_; }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Status Seek(std::int64_t position) override {
    at_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> GetSize() override { return static_cast<std::int64_t>(source_->size()); }

  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t count, void* out) override {
    const auto size = static_cast<std::int64_t>(source_->size());
    if (position < 0 || count < 0 || position > size) return arrow::Status::Invalid("a read past the end");
    const std::int64_t available = std::min(count, size - position);
    const auto read = source_->ReadAt(static_cast<std::uint64_t>(position),
                                      {static_cast<char*>(out), static_cast<std::size_t>(available)});
    if (!read) return arrow::Status::IOError(read.error().message);
    return available;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position, std::int64_t count) override {
    const auto size = static_cast<std::int64_t>(source_->size());
    if (position < 0 || count < 0 || position > size) return arrow::Status::Invalid("a read past the end");
    // A damaged footer may ask for any length; there are no more bytes than the file has.
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(std::min(count, size - position)));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t got, ReadAt(position, buffer->size(), buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  arrow::Result<std::int64_t> Read(std::int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::int64_t got, ReadAt(at_, count, out));
    at_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(at_, count));
    at_ += buffer->size();
    return buffer;
  }

 private:
  const std::shared_ptr<plugin::TableSource> source_;
  std::int64_t at_ = 0;
  bool is_closed_ = false;
};

}  // namespace

std::unexpected<Error> ArrowError(const std::string& file, const arrow::Status& status) {
  ErrorCode code = ErrorCode::kCorruption;
  if (status.IsIOError()) code = ErrorCode::kUnavailable;
  if (status.IsOutOfMemory() || status.IsCapacityError()) code = ErrorCode::kResourceExhausted;
  return Fail(code, file + ": " + status.message());
}

std::shared_ptr<arrow::Schema> SchemaOf(const std::vector<ColumnSpec>& columns) {
  arrow::FieldVector fields;
  for (const ColumnSpec& column : columns)
    fields.push_back(arrow::field(column.name, TypeOf(column.kind)));
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> ToArrow(const std::shared_ptr<arrow::Schema>& schema,
                                                    const std::vector<ColumnSpec>& columns,
                                                    const plugin::TableBatch& batch) {
  if (batch.columns.size() != columns.size()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("a table batch has other columns: got {}, want {}",
                                                         batch.columns.size(), columns.size()));
  }
  arrow::ArrayVector arrays;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto array = ToArray(columns[i], batch.columns[i], batch.rows);
    if (!array.ok()) return ArrowError("column " + columns[i].name, array.status());
    arrays.push_back(*std::move(array));
  }
  return arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(batch.rows), std::move(arrays));
}

Status FromArrow(const std::string& file, const ColumnSpec& column, const arrow::Array& array,
                 TableColumn& out) {
  const auto of_another_kind = [&] {
    return Fail(ErrorCode::kCorruption,
                fmt::format("{}: column {} is of type {}", file, column.name, array.type()->ToString()));
  };
  if (const arrow::Status valid = array.ValidateFull(); !valid.ok()) return ArrowError(file, valid);
  const bool is_list = IsList(column.kind);
  if (is_list && array.type_id() != arrow::Type::LIST) return of_another_kind();
  const arrow::StringArray* keys = nullptr;
  const arrow::StringArray* items = nullptr;
  if (column.kind == ColumnKind::kStringMap) {
    if (array.type_id() != arrow::Type::MAP) return of_another_kind();
    const auto& map = static_cast<const arrow::MapArray&>(array);
    if (map.keys()->type_id() != arrow::Type::STRING || map.items()->type_id() != arrow::Type::STRING)
      return of_another_kind();
    keys = static_cast<const arrow::StringArray*>(map.keys().get());
    items = static_cast<const arrow::StringArray*>(map.items().get());
  }
  for (std::int64_t row = 0; row < array.length(); ++row) {
    const bool is_null = array.IsNull(row);
    out.is_null.push_back(is_null ? 1 : 0);
    if (is_null) {
      AddNull(column.kind, out);
    } else if (keys != nullptr) {
      AddMap(static_cast<const arrow::MapArray&>(array), *keys, *items, row, out);
    } else if (is_list) {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      for (std::int64_t at = list.value_offset(row); at < list.value_offset(row + 1); ++at) {
        if (!AddValue(column.kind, *list.values(), at, out)) return of_another_kind();
      }
      const std::size_t end = column.kind == ColumnKind::kStringList  ? out.index.size()
                              : column.kind == ColumnKind::kInt64List ? out.ints.size()
                                                                      : out.doubles.size();
      if (end > std::numeric_limits<std::uint32_t>::max())
        return Fail(ErrorCode::kResourceExhausted, file + ": more list items than a batch may hold");
      out.ends.push_back(static_cast<std::uint32_t>(end));
    } else if (!AddValue(column.kind, array, row, out)) {
      return of_another_kind();
    }
  }
  return {};
}

void FillNulls(std::size_t rows, ColumnKind kind, TableColumn& out) {
  out.is_null.assign(rows, 1);
  for (std::size_t row = 0; row < rows; ++row)
    AddNull(kind, out);
}

std::shared_ptr<arrow::io::RandomAccessFile> ArrowFile(std::shared_ptr<plugin::TableSource> source) {
  return std::make_shared<SourceFile>(std::move(source));
}

}  // namespace tickscope::columnar
