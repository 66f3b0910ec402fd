/** Schedules a callback for the next turn of the event loop. */
type Scheduler = (callback: () => void) => void;

/** setImmediate where there is one; in browsers a message to oneself, which is not clamped. */
export function turnScheduler(): Scheduler {
  const { setImmediate } = globalThis as { setImmediate?: Scheduler };
  if (setImmediate !== undefined) return (callback) => void setImmediate(callback);
  return (callback) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (): void => {
      port1.close();
      callback();
    };
    port2.postMessage(undefined);
  };
}
