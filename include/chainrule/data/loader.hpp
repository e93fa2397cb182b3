#pragma once
// DataLoader: the batches of a data set, in order or shuffled, made ahead of time by worker threads.

#include <chainrule/data/collate.hpp>
#include <chainrule/data/threads.hpp>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>

namespace chainrule::data {

struct DataLoaderOptions {
  std::int64_t batch_size = 1;
  bool shuffle = false;            ///< a new order each epoch
  int num_workers = 0;             ///< threads that make batches ahead; 0: the loop makes them itself
  bool drop_last = false;          ///< leave out the last batch if it is smaller
  Generator* generator = nullptr;  ///< where the order comes from; it must outlive the loader
  std::optional<std::uint64_t> seed =
      {};                   ///< or a seed for a generator of the loader's own; else the default generator is used
  int prefetch_factor = 2;  ///< batches that each worker may be ahead
};

namespace detail {

/// One walk through the data set: the order, the workers, and the batch that the loop looks at.
template <class BatchType> class Epoch {
 public:
  using Make = Callback<BatchType(std::int64_t)>;  // batch number -> batch

  Epoch(Make make, std::int64_t batches, int workers, int prefetch)
      : make_(std::move(make)), batches_(batches), slots_(slots_for(batches, workers, prefetch)) {
    workers = static_cast<int>(std::min<std::int64_t>(workers, batches));
    try {
      for (int i = 0; i < workers; ++i) threads_.start(&begin, this);
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Epoch() { stop(); }
  Epoch(const Epoch&) = delete;
  Epoch& operator=(const Epoch&) = delete;

  /// Goes to the next batch; false after the last.
  bool advance() {
    current_.reset();  // its memory is free for the batch being made now
    if (taken_ == batches_) return false;
    if (threads_.empty()) {
      current_.emplace(make_(taken_++));
      return true;
    }
    Slot slot;
    {
      const Lock lock(mutex_);
      Slot& place = slots_[static_cast<std::size_t>(taken_) % slots_.size()];
      made_.wait(mutex_, [&] { return place.batch || place.error; });
      slot = std::exchange(place, Slot{});
      ++taken_;
    }
    room_.notify_one();
    if (slot.error) std::rethrow_exception(slot.error);
    current_ = std::move(slot.batch);
    return true;
  }
  BatchType& current() { return *current_; }

 private:
  struct Slot {
    std::optional<BatchType> batch;
    std::exception_ptr error;
  };
  static std::size_t slots_for(std::int64_t batches, int workers, int prefetch) {
    return static_cast<std::size_t>(std::min(batches, std::min<std::int64_t>(workers, batches) * prefetch));
  }

  static void* begin(void* epoch) {
    static_cast<Epoch*>(epoch)->work();
    return nullptr;
  }
  void work() {
    chainrule::detail::inside_parallel = true;  // a worker is one thread: what it computes opens no others
    while (const std::optional<std::int64_t> mine = next_to_make()) {
      Slot slot;
      try {
        slot.batch.emplace(make_(*mine));
      } catch (...) { slot.error = std::current_exception(); }
      const Lock lock(mutex_);
      slots_[static_cast<std::size_t>(*mine) % slots_.size()] = std::move(slot);
      made_.notify_one();
      if (next_ == batches_) room_.notify_all();
    }
  }
  /// Waits for room, and takes the next batch to make; nothing at the end.
  std::optional<std::int64_t> next_to_make() {
    const Lock lock(mutex_);
    room_.wait(mutex_, [&] {
      return stopping_ || next_ == batches_ || next_ < taken_ + static_cast<std::int64_t>(slots_.size());
    });
    if (stopping_ || next_ == batches_) return {};
    return next_++;
  }
  void stop() {
    {
      const Lock lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    threads_.join();
  }

  Make make_;
  std::int64_t batches_, taken_ = 0, next_ = 0;  // next_: the first batch that no worker has begun
  std::optional<BatchType> current_;
  std::vector<Slot> slots_;  // batch b waits in slot b mod the number of slots
  Mutex mutex_;
  Condition made_, room_;
  bool stopping_ = false;
  Threads threads_;
};

}  // namespace detail

/// Batches of a data set. A named data set is referred to and must outlive the loader; a temporary one is moved in.
///     for (auto& [images, labels] : DataLoader(train, {.batch_size = 100, .shuffle = true, .num_workers = 2})) ...
/// Samples become batches by DefaultCollate, or by `collate` (samples, their numbers in the data set) -> batch.
/// The same generator state or seed gives the same batches whatever num_workers is. With workers, get() is called from
/// several threads at once. An exception in get() leaves the loop at the batch it belongs to, with the number of the
/// sample in its message.
template <class D, class Collate = DefaultCollate> class DataLoader {
  using Set = std::remove_reference_t<D>;
  static_assert(Dataset<Set>, "a data set has size() and get(i), or operator[](i); see data/dataset.hpp");

  static auto make_type() {
    if constexpr (HasGetBatch<Set> && std::same_as<Collate, DefaultCollate>)
      return std::type_identity<decltype(std::declval<Set&>().get_batch(std::span<const std::int64_t>()))>{};
    else
      return std::type_identity<decltype(std::declval<Collate&>()(std::vector<SampleOf<Set>>{},
                                                                  std::span<const std::int64_t>()))>{};
  }

 public:
  using BatchType = typename decltype(make_type())::type;

  explicit DataLoader(D dataset, DataLoaderOptions options = {}, Collate collate = {}, Location at = Location::here())
      : dataset_(std::forward<D>(dataset)),
        options_(options),
        collate_(std::move(collate)),
        own_(options.seed.value_or(0)),
        at_(at) {
    check(options.batch_size > 0, at, "DataLoader: batch_size must be above 0, got ", options.batch_size);
    check(options.num_workers >= 0, at, "DataLoader: num_workers must not be negative, got ", options.num_workers);
    check(options.prefetch_factor > 0, at, "DataLoader: prefetch_factor must be above 0, got ",
          options.prefetch_factor);
    check(!options.generator || !options.seed, at, "DataLoader: give a generator or a seed, not both");
    const std::int64_t n = size_of(dataset_);
    check(n > 0, at, "DataLoader: the data set is empty");
    check(!options.drop_last || n >= options.batch_size, at, "DataLoader: drop_last leaves nothing of ", n,
          " samples in batches of ", options.batch_size);
  }
  explicit DataLoader(D dataset, DataLoaderOptions options, Location at)
      : DataLoader(std::forward<D>(dataset), options, Collate{}, at) {}
  explicit DataLoader(D dataset, std::int64_t batch_size, bool shuffle = false, Location at = Location::here())
      : DataLoader(std::forward<D>(dataset), {.batch_size = batch_size, .shuffle = shuffle}, Collate{}, at) {}
  /// The first ones by position, the rest by name: DataLoader(set, 32, {.shuffle = true}).
  explicit DataLoader(D dataset, std::int64_t batch_size, DataLoaderOptions rest, Location at = Location::here())
      : DataLoader(std::forward<D>(dataset), (rest.batch_size = batch_size, rest), Collate{}, at) {}
  explicit DataLoader(D dataset, std::int64_t batch_size, bool shuffle, DataLoaderOptions rest,
                      Location at = Location::here())
      : DataLoader(std::forward<D>(dataset), (rest.batch_size = batch_size, rest.shuffle = shuffle, rest), Collate{},
                   at) {}

  template <std::size_t N>
  DataLoader(D dataset, nn::detail::Worse batch_size, nn::detail::UnknownOption<N> rest);  // short error

  /// The number of batches in an epoch.
  std::int64_t size() const {
    const std::int64_t n = size_of(const_cast<Set&>(dataset_)), b = options_.batch_size;  // size() need not be const
    return options_.drop_last ? n / b : chainrule::detail::divide_up(n, b);
  }
  Set& dataset() { return dataset_; }
  const DataLoaderOptions& options() const { return options_; }

  class Iterator {
   public:
    using value_type = BatchType;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    explicit Iterator(std::unique_ptr<detail::Epoch<BatchType>> epoch) : epoch_(std::move(epoch)) { ++*this; }
    BatchType& operator*() const { return epoch_->current(); }
    BatchType* operator->() const { return &epoch_->current(); }
    Iterator& operator++() {
      if (!epoch_->advance()) epoch_.reset();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& i, std::default_sentinel_t) { return !i.epoch_; }

   private:
    std::unique_ptr<detail::Epoch<BatchType>> epoch_;
  };

  /// Begins an epoch. Several may run at once.
  Iterator begin() {
    Generator& generator = options_.generator ? *options_.generator : options_.seed ? own_ : default_generator();
    const std::int64_t n = size_of(dataset_);
    auto order = std::make_shared<std::vector<std::int64_t>>();
    if (options_.shuffle) {
      *order = randperm(n, {.generator = &generator}, at_).to_vector();
    } else {
      *order = chainrule::detail::counting(n, "DataLoader", at_).to_vector();
    }
    std::uint64_t sample_seed = 0;
    if constexpr (DrawsSamples<Set>) sample_seed = generator.next();
    auto make = [this, order, sample_seed](std::int64_t batch) { return make_batch(*order, batch, sample_seed); };
    return Iterator(
        std::make_unique<detail::Epoch<BatchType>>(make, size(), options_.num_workers, options_.prefetch_factor));
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  BatchType make_batch(const std::vector<std::int64_t>& order, std::int64_t batch,
                       [[maybe_unused]] std::uint64_t sample_seed) {
    no_grad guard;
    const auto begin = static_cast<std::size_t>(batch * options_.batch_size),
               count = std::min(static_cast<std::size_t>(options_.batch_size), order.size() - begin);
    const auto indices = std::span(order).subspan(begin, count);
    if constexpr (HasGetBatch<Set> && std::same_as<Collate, DefaultCollate>) {
      return dataset_.get_batch(indices);
    } else {
      std::vector<SampleOf<Set>> samples;
      samples.reserve(count);
      for (auto i : indices) {
        try {
          Generator generator(sample_seed);  // sample i of this epoch draws from stream i on, far from its neighbours'
          generator.set_stream(static_cast<std::uint64_t>(i) << 20);
          samples.push_back(get_sample(dataset_, i, generator));
        } catch (const Error& e) {
          fail(e.location(), "DataLoader: sample ", i, ": ", e.message());
        } catch (const std::exception& e) { fail(at_, "DataLoader: sample ", i, ": ", e.what()); }
      }
      if constexpr (std::same_as<Collate, DefaultCollate>) return collate_(std::move(samples), indices, at_);
      else return collate_(std::move(samples), indices);
    }
  }

  D dataset_;
  DataLoaderOptions options_;
  Collate collate_;
  Generator own_;
  Location at_;
};

template <class D> DataLoader(D&&, DataLoaderOptions = {}) -> DataLoader<D>;
template <class D> DataLoader(D&&, DataLoaderOptions, Location) -> DataLoader<D>;
template <class D, std::integral Size> DataLoader(D&&, Size, bool = false, Location = {}) -> DataLoader<D>;
template <class D, std::integral Size> DataLoader(D&&, Size, DataLoaderOptions, Location = {}) -> DataLoader<D>;
template <class D, std::integral Size> DataLoader(D&&, Size, bool, DataLoaderOptions, Location = {}) -> DataLoader<D>;
template <class D, class C> DataLoader(D&&, DataLoaderOptions, C, Location = {}) -> DataLoader<D, C>;

}  // namespace chainrule::data
