// Unity, and any other .NET on Linux: the C interface by P/Invoke. What crosses in a frame is numbers and handles of four
// bytes, all blittable, so a call of a value allocates nothing.
//
// Compiled and run here with Mono's C# compiler (tests/blackbox/test_sdk_package.py), not in Unity. There, put
// libtickscope_sdk.so into Assets/Plugins/x86_64 of a Linux dedicated server build, and see TickscopeBehaviour.cs.
using System;
using System.Runtime.InteropServices;

public static class Tickscope
{
    const string Library = "tickscope_sdk";

    public enum Platform { Pc, Playstation, Switch, Xbox }
    public enum Left { Afk, Crash, Kicked, Network, Quit, ServerShutdown, Timeout, Version }

    // ts_options
    [StructLayout(LayoutKind.Sequential)]
    struct Options
    {
        public IntPtr directory, name;
        public uint cellsMax, shardsMax, directoryBytes, exemplarsMax;
        public int fork;
    }

    // ts_metric
    [StructLayout(LayoutKind.Sequential)]
    struct Metric
    {
        public int type;
        public IntPtr name, unit, help, labels;
        public uint labelCount;
        public IntPtr bounds;
        public uint boundCount;
        public int scale;
        public double least, most;
        public int exemplars;
    }

    // ts_family
    [StructLayout(LayoutKind.Sequential)]
    struct Family
    {
        public uint type, firstCell, cellsPerSeries, seriesCount, firstExemplar, record;
        public IntPtr buckets;
    }

    /// A counter; one that was refused does nothing.
    [StructLayout(LayoutKind.Sequential)]
    public struct Counter
    {
        readonly uint cell;
        public void Add(ulong amount = 1) => ts_counter_add(this, amount);
    }

    [DllImport(Library)] static extern int ts_start(ref Options options);
    [DllImport(Library)] static extern void ts_stop(int keep);
    [DllImport(Library)] static extern IntPtr ts_last_error();
    [DllImport(Library)] static extern IntPtr ts_page_path();
    [DllImport(Library)] static extern void ts_heartbeat();
    [DllImport(Library)] static extern int ts_register(ref Metric metric, out Family family);
    [DllImport(Library)] static extern Counter ts_counter_of(Family family, uint series);
    [DllImport(Library)] static extern void ts_counter_add(Counter counter, ulong amount);
    [DllImport(Library)] static extern IntPtr ts_game_open(double tickBudgetSeconds);
    [DllImport(Library)] static extern void ts_game_tick(IntPtr game, double seconds);
    [DllImport(Library)] static extern void ts_game_join_began(IntPtr game, Platform platform);
    [DllImport(Library)] static extern void ts_game_joined(IntPtr game, Platform platform, double seconds);
    [DllImport(Library)] static extern void ts_game_left(IntPtr game, Platform platform, Left reason);

    const int CounterType = 1;
    static IntPtr game;

    /// What was wrong with the last call that failed.
    public static string LastError => Marshal.PtrToStringAnsi(ts_last_error());
    public static string PagePath => Marshal.PtrToStringAnsi(ts_page_path());

    /// Makes the page DIRECTORY/NAME.PID.tspage, which the agent reads. False: LastError says why, and calls do nothing.
    public static bool Start(string directory, string name, double tickBudgetSeconds)
    {
        var options = new Options
        {
            directory = Marshal.StringToHGlobalAnsi(directory), name = Marshal.StringToHGlobalAnsi(name),
            cellsMax = 8192, shardsMax = 64, directoryBytes = 262144, exemplarsMax = 256,
        };
        int result = ts_start(ref options);
        Marshal.FreeHGlobal(options.directory);
        Marshal.FreeHGlobal(options.name);
        if (result != 0) return false;
        game = ts_game_open(tickBudgetSeconds);
        return game != IntPtr.Zero;
    }

    /// Once, at start: a counter without labels. Its name ends in _total.
    public static Counter NewCounter(string name, string help)
    {
        var metric = new Metric
        {
            type = CounterType, name = Marshal.StringToHGlobalAnsi(name), help = Marshal.StringToHGlobalAnsi(help),
        };
        Family family;
        ts_register(ref metric, out family);
        Marshal.FreeHGlobal(metric.name);
        Marshal.FreeHGlobal(metric.help);
        return ts_counter_of(family, 0);
    }

    public static void Tick(double seconds) => ts_game_tick(game, seconds);
    public static void JoinBegan(Platform platform) => ts_game_join_began(game, platform);
    public static void Joined(Platform platform, double seconds) => ts_game_joined(game, platform, seconds);
    public static void PlayerLeft(Platform platform, Left reason) => ts_game_left(game, platform, reason);
    public static void Heartbeat() => ts_heartbeat();

    /// Keep the page to look into it afterwards; the agent reads it either way.
    public static void Stop(bool keep = false) => ts_stop(keep ? 1 : 0);
}
