// The same in C#, with the binding for Unity.
using System;

static class Game
{
    static int Main(string[] arguments)
    {
        if (!Tickscope.Start(arguments[0], "cs-game", 1.0 / 60))
        {
            Console.Error.WriteLine(Tickscope.LastError);
            return 1;
        }
        Tickscope.Counter casts = Tickscope.NewCounter("game_casts_total", "Spells cast.");
        Tickscope.Counter refused = Tickscope.NewCounter("no name", "Refused.");
        Tickscope.JoinBegan(Tickscope.Platform.Xbox);
        Tickscope.Joined(Tickscope.Platform.Xbox, 0.25);
        for (int i = 0; i < 100; ++i)
        {
            Tickscope.Tick(0.001);
            casts.Add(2);
            refused.Add();
        }
        Tickscope.PlayerLeft(Tickscope.Platform.Xbox, Tickscope.Left.ServerShutdown);
        Tickscope.Heartbeat();
        Console.WriteLine(Tickscope.PagePath);
        Tickscope.Stop(true);
        return 0;
    }
}
