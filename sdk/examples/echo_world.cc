// A dedicated server in one file: a UDP world that echoes, real ticks, bots as players, and the SDK's instruments.
//
//   sdk_echo_world [--page DIRECTORY] [--metrics PORT] [--bots N] [--seconds N] [--hertz N]
//
// Players say "J" to join, "P" and eight bytes at every tick (a ping, which comes back at the server's next tick), "Q" to
// leave. Bots are sockets of a second thread: they join, ping, lose interest, and a few vanish without a word. Prints one
// line "ready udp=PORT metrics=PORT page=PATH" and, at its end, "done ticks=N joins=N", which a test compares with what the
// page and the exposition say.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "tickscope/game.hpp"

namespace {

namespace ts = tickscope::sdk;

struct Settings {
  std::string page_directory;
  int metrics_port = -1;  // -1: no listener
  int bots = 16;
  int seconds = 10;
  int hertz = 60;
};

std::atomic<bool> stopping{false};

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kSilenceNs = 2 * kSecondNs;  // then a player counts as lost

double SecondsSince(std::uint64_t start_ns) {
  return static_cast<double>(ts_now_ns() - start_ns) * 1e-9;
}

struct Player {
  ts_platform platform;
  ts_isp isp;
  std::uint64_t heard_ns;
};

struct Ping {
  sockaddr_in from;
  std::array<char, 9> bytes;
  std::uint64_t received_ns;
};

std::uint64_t KeyOf(const sockaddr_in& address) {
  return std::uint64_t{address.sin_addr.s_addr} << 16 | address.sin_port;
}

class World {
 public:
  World(int socket, const Settings& settings)
      : socket_(socket),
        game_(1.0 / settings.hertz),
        tick_ns_(kSecondNs / static_cast<std::uint64_t>(settings.hertz)) {}

  void Run(std::uint64_t until_ns) {
    game_.State(TS_SERVER_READY);
    for (std::uint64_t next_ns = ts_now_ns(); next_ns < until_ns && !stopping; next_ns += tick_ns_) {
      {
        const ts::TickTimer timer(game_);
        Tick();
      }
      ++ticks_;
      const std::uint64_t now_ns = ts_now_ns();
      if (now_ns >= next_ns + tick_ns_) continue;
      const std::uint64_t wait_ns = next_ns + tick_ns_ - now_ns;
      const timespec wait = {static_cast<time_t>(wait_ns / kSecondNs),
                             static_cast<long>(wait_ns % kSecondNs)};
      nanosleep(&wait, nullptr);
    }
    game_.State(TS_SERVER_DRAINING);
    for (const auto& [key, player] : players_)
      game_.Left(player.platform, TS_LEFT_SERVER_SHUTDOWN);
    players_.clear();
  }

  std::uint64_t ticks() const { return ticks_; }
  std::uint64_t joins() const { return joins_; }

 private:
  void Tick() {
    Receive();
    for (const Ping& ping : pings_) {
      sendto(socket_, ping.bytes.data(), ping.bytes.size(), 0, reinterpret_cast<const sockaddr*>(&ping.from),
             sizeof ping.from);
      game_.ActionAcknowledged(SecondsSince(ping.received_ns));
    }
    pings_.clear();
    LoseTheSilent();
    game_.Played(static_cast<double>(players_.size()) * static_cast<double>(tick_ns_) * 1e-9);
  }

  void Receive() {
    for (int i = 0; i < 4096; ++i) {  // what one tick may take
      char bytes[64];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          recvfrom(socket_, bytes, sizeof bytes, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 1) return;
      const std::uint64_t key = KeyOf(from);
      const auto player = players_.find(key);
      if (bytes[0] == 'J' && player == players_.end()) {
        Join(key, got > 1 ? static_cast<unsigned char>(bytes[1]) : 0U);
      } else if (bytes[0] == 'P' && got == 9 && player != players_.end()) {
        player->second.heard_ns = ts_now_ns();
        Ping ping{from, {}, player->second.heard_ns};
        std::memcpy(ping.bytes.data(), bytes, ping.bytes.size());
        pings_.push_back(ping);
        game_.Packets(player->second.isp, 1, 0);
      } else if (bytes[0] == 'Q' && player != players_.end()) {
        game_.Left(player->second.platform, TS_LEFT_QUIT);
        players_.erase(player);
      }
    }
  }

  void Join(std::uint64_t key, unsigned kind) {
    const auto platform = static_cast<ts_platform>(kind % TS_PLATFORMS);
    const std::uint64_t start_ns = ts_now_ns();
    game_.JoinBegan(platform);
    if (players_.size() >= 200) {
      game_.JoinFailed(TS_JOIN_FULL);
      return;
    }
    if (players_.empty()) game_.State(TS_SERVER_ALLOCATED);
    players_.emplace(key, Player{platform, static_cast<ts_isp>(kind % TS_ISPS), start_ns});
    game_.Joined(platform, SecondsSince(start_ns));
    ++joins_;
  }

  void LoseTheSilent() {
    const std::uint64_t now_ns = ts_now_ns();
    for (auto player = players_.begin(); player != players_.end();) {
      if (now_ns - player->second.heard_ns < kSilenceNs) {
        ++player;
        continue;
      }
      game_.Left(player->second.platform, TS_LEFT_TIMEOUT);
      player = players_.erase(player);
    }
  }

  int socket_;
  ts::Game game_;
  std::uint64_t tick_ns_;
  std::uint64_t ticks_ = 0;
  std::uint64_t joins_ = 0;
  std::unordered_map<std::uint64_t, Player> players_;
  std::vector<Ping> pings_;
};

struct Bot {
  int socket = -1;
  int pings_left = 0;
};

// Each bot a player; who is done comes back as another one.
void PlayBots(int count, std::uint16_t port, std::uint64_t until_ns) {
  const ts::Histogram rtt =
      ts::RegisterExponential({"game_bot_rtt_seconds", "Round trips as bots see them.", "seconds"}).At();
  std::mt19937 random(1);
  std::vector<Bot> bots(static_cast<std::size_t>(count));
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  while (ts_now_ns() < until_ns && !stopping) {
    for (Bot& bot : bots) {
      if (bot.socket < 0) {
        bot.socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        bot.pings_left = 20 + static_cast<int>(random() % 100);
        if (bot.socket < 0 ||
            connect(bot.socket, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
          continue;
        const char join[2] = {'J', static_cast<char>(random() % 20)};
        (void)!send(bot.socket, join, sizeof join, 0);
      }
      char message[9] = {'P'};
      const std::uint64_t now_ns = ts_now_ns();
      std::memcpy(message + 1, &now_ns, sizeof now_ns);
      (void)!send(bot.socket, message, sizeof message, 0);
      char echo[64];
      while (recv(bot.socket, echo, sizeof echo, 0) == 9) {
        std::uint64_t sent_ns;
        std::memcpy(&sent_ns, echo + 1, sizeof sent_ns);
        rtt.ObserveSince(sent_ns);
      }
      if (--bot.pings_left > 0) continue;
      if (random() % 4 != 0) (void)!send(bot.socket, "Q", 1, 0);  // the others vanish
      close(bot.socket);
      bot.socket = -1;
    }
    const timespec pause = {0, 20'000'000};
    nanosleep(&pause, nullptr);
  }
  for (const Bot& bot : bots)
    if (bot.socket >= 0) close(bot.socket);
}

Settings ParseArguments(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* const value = argv[i + 1];
    if (name == "--page") settings.page_directory = value;
    if (name == "--metrics") settings.metrics_port = std::atoi(value);
    if (name == "--bots") settings.bots = std::atoi(value);
    if (name == "--seconds") settings.seconds = std::atoi(value);
    if (name == "--hertz") settings.hertz = std::atoi(value);
  }
  return settings;
}

int Fail(const char* what) {
  std::fprintf(stderr, "echo world: %s: %s\n", what, ts::LastError());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = ParseArguments(argc, argv);
  if (settings.hertz < 1 || settings.hertz > 1000 || settings.bots < 0 || settings.bots > 500)
    return Fail("settings");
  std::signal(SIGTERM, [](int) { stopping = true; });
  ts::Options options;
  options.name = "echo-world";
  if (!settings.page_directory.empty()) options.directory = settings.page_directory.c_str();
  if (ts::Start(options) != TS_OK) return Fail("start");  // a real server would go on without
  std::uint16_t metrics_port = 0;
  if (settings.metrics_port >= 0 &&
      ts_http_start(nullptr, static_cast<std::uint16_t>(settings.metrics_port), &metrics_port) != TS_OK)
    return Fail("metrics");
  const int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return Fail("socket");
  World world(file, settings);
  const std::uint64_t until_ns = ts_now_ns() + static_cast<std::uint64_t>(settings.seconds) * kSecondNs;
  std::printf("ready udp=%u metrics=%u page=%s\n", ntohs(address.sin_port), metrics_port, ts_page_path());
  std::fflush(stdout);
  std::thread bots(PlayBots, settings.bots, ntohs(address.sin_port), until_ns);
  world.Run(until_ns);
  stopping = true;
  bots.join();
  std::printf("done ticks=%llu joins=%llu\n", static_cast<unsigned long long>(world.ticks()),
              static_cast<unsigned long long>(world.joins()));
  std::fflush(stdout);
  close(file);
  ts::Stop(true);
  return 0;
}
