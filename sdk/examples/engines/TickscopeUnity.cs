// Unity: the C interface by P/Invoke. Only numbers and one pointer cross, so a call allocates nothing.
//
// NOT COMPILED HERE: there is neither Unity nor a C# compiler on our machines. The functions and enums are those of
// tickscope.h and game.h.
//
// Put libtickscope_sdk.so into Assets/Plugins/x86_64 of a Linux dedicated server build.
using System;
using System.Runtime.InteropServices;
using UnityEngine;

public static class Tickscope
{
    const string Library = "tickscope_sdk";

    public enum Platform { Pc, Playstation, Switch, Xbox }
    public enum Left { Afk, Crash, Kicked, Network, Quit, ServerShutdown, Timeout, Version }

    [DllImport(Library)] static extern int ts_start(IntPtr options);
    [DllImport(Library)] static extern void ts_stop(int keep);
    [DllImport(Library)] static extern IntPtr ts_last_error();
    [DllImport(Library)] static extern int ts_http_start([MarshalAs(UnmanagedType.LPUTF8Str)] string address, ushort port, out ushort taken);
    [DllImport(Library)] static extern IntPtr ts_game_open(double tickBudgetSeconds);
    [DllImport(Library)] static extern void ts_game_tick(IntPtr game, double seconds);
    [DllImport(Library)] static extern void ts_game_joined(IntPtr game, Platform platform, double seconds);
    [DllImport(Library)] static extern void ts_game_left(IntPtr game, Platform platform, Left reason);

    static IntPtr game;

    /// Defaults, and /metrics on this port of the machine itself. False: the log says why, and calls do nothing.
    public static bool Start(double tickBudgetSeconds, ushort metricsPort)
    {
        if (ts_start(IntPtr.Zero) != 0 || ts_http_start(null, metricsPort, out _) != 0)
        {
            Debug.LogWarning("Tickscope: " + Marshal.PtrToStringUTF8(ts_last_error()));
            return false;
        }
        game = ts_game_open(tickBudgetSeconds);
        return game != IntPtr.Zero;
    }

    public static void Tick(double seconds) => ts_game_tick(game, seconds);
    public static void Joined(Platform platform, double seconds) => ts_game_joined(game, platform, seconds);
    public static void PlayerLeft(Platform platform, Left reason) => ts_game_left(game, platform, reason);
    public static void Stop() => ts_stop(0);
}
