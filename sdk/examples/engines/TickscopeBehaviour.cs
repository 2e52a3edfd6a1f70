// Unity: a component that starts the SDK with a dedicated server and records its frames as ticks.
//
// NOT COMPILED HERE: there is no Unity on our machines. What it calls is Tickscope.cs, which is; the engine's side is written
// from its documentation.
using UnityEngine;

public sealed class TickscopeBehaviour : MonoBehaviour
{
    public string directory = "/dev/shm/tickscope";
    public string serverName = "unity";
    public double tickBudgetSeconds = 1.0 / 60;

    void Awake()
    {
        if (!Tickscope.Start(directory, serverName, tickBudgetSeconds))
            Debug.LogWarning("Tickscope: " + Tickscope.LastError);
    }

    // The frame's own work, without the time that the server sleeps until the next one.
    double began;
    void Update() => began = Time.realtimeSinceStartupAsDouble;
    void LateUpdate() => Tickscope.Tick(Time.realtimeSinceStartupAsDouble - began);

    void OnApplicationQuit() => Tickscope.Stop();
}
