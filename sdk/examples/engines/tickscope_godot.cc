// Godot: a GDExtension that starts the SDK and offers what a script of a dedicated server needs.
//
// NOT COMPILED HERE: there is no godot-cpp on our machines. The SDK calls in it are those of game.hpp, which is compiled here.
//
// Build with godot-cpp's SConstruct, include path sdk/include, linked to libtickscope_sdk.a; then in a script:
//   var tickscope := Tickscope.new()
//   tickscope.start("/dev/shm/tickscope", 1.0 / 60)
//   func _physics_process(_delta): tickscope.tick(Performance.get_monitor(Performance.TIME_PHYSICS_PROCESS))
#include <godot_cpp/classes/ref_counted.hpp>
#include <godot_cpp/core/class_db.hpp>
#include <optional>

#include "tickscope/game.hpp"

class Tickscope : public godot::RefCounted {
  GDCLASS(Tickscope, godot::RefCounted)

 public:
  bool start(const godot::String& directory, double tick_budget_seconds) {
    const godot::CharString path = directory.utf8();
    tickscope::sdk::Options options;
    options.directory = path.get_data();
    options.name = "godot";
    if (tickscope::sdk::Start(options) != TS_OK) {
      ERR_PRINT(godot::String("Tickscope: ") + tickscope::sdk::LastError());
      return false;
    }
    game_.emplace(tick_budget_seconds);
    return game_->result() == TS_OK;
  }
  void tick(double seconds) {
    if (game_) game_->Tick(seconds);
  }
  void joined(int platform, double seconds) {
    if (game_ && platform >= 0 && platform < TS_PLATFORMS)
      game_->Joined(static_cast<ts_platform>(platform), seconds);
  }

 protected:
  static void _bind_methods() {
    godot::ClassDB::bind_method(godot::D_METHOD("start", "directory", "tick_budget_seconds"),
                                &Tickscope::start);
    godot::ClassDB::bind_method(godot::D_METHOD("tick", "seconds"), &Tickscope::tick);
    godot::ClassDB::bind_method(godot::D_METHOD("joined", "platform", "seconds"), &Tickscope::joined);
  }

 private:
  std::optional<tickscope::sdk::Game> game_;
};
