// Unreal Engine: a subsystem that starts the SDK with a dedicated server and records its frames as ticks.
//
// NOT COMPILED HERE: there is no Unreal Engine on our machines. The SDK calls in it are those of game.hpp, which is compiled
// with -fno-exceptions -fno-rtti as Unreal does; the engine's side is written from its documentation.
//
// Put sdk/ below Source/ThirdParty/Tickscope; in the module's Build.cs add PublicIncludePaths for include/ and
// PublicAdditionalLibraries for libtickscope_sdk.a, for UnrealTargetPlatform.Linux only.
#pragma once

#include "CoreMinimal.h"
#include "HAL/PlatformMisc.h"
#include "Misc/CoreDelegates.h"
#include "Subsystems/GameInstanceSubsystem.h"

#include "tickscope/game.hpp"

#include "TickscopeUnreal.generated.h"

UCLASS()
class UTickscopeSubsystem : public UGameInstanceSubsystem {
  GENERATED_BODY()

 public:
  virtual bool ShouldCreateSubsystem(UObject* Outer) const override { return IsRunningDedicatedServer(); }

  virtual void Initialize(FSubsystemCollectionBase& Collection) override {
    Super::Initialize(Collection);
    tickscope::sdk::Options Options;
    Options.directory = "/dev/shm/tickscope";
    Options.name = "unreal";
    if (tickscope::sdk::Start(Options) != TS_OK) {
      UE_LOG(LogTemp, Warning, TEXT("Tickscope: %s"), UTF8_TO_TCHAR(tickscope::sdk::LastError()));
    }
    // A server that was forked with -WaitAndFork has a page of its own by then.
    Game = MakeUnique<tickscope::sdk::Game>(1.0 / 30);
    FrameBegan = FCoreDelegates::OnBeginFrame.AddLambda([this] { StartNs = ts_now_ns(); });
    FrameEnded = FCoreDelegates::OnEndFrame.AddLambda([this] { Game->Tick((ts_now_ns() - StartNs) * 1e-9); });
  }

  virtual void Deinitialize() override {
    FCoreDelegates::OnBeginFrame.Remove(FrameBegan);
    FCoreDelegates::OnEndFrame.Remove(FrameEnded);
    tickscope::sdk::Stop();
    Super::Deinitialize();
  }

  const tickscope::sdk::Game& Instruments() const { return *Game; }

 private:
  TUniquePtr<tickscope::sdk::Game> Game;
  FDelegateHandle FrameBegan;
  FDelegateHandle FrameEnded;
  uint64 StartNs = 0;
};
