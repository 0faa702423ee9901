// Loaded into the programs that npm start runs: when npm start is gone without a word (kill -9), they stop by themselves and
// their ports are free for the next start.
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), 10_000).unref();
});
// The listener would keep the event loop alive, and with it a program that has nothing left to do.
process.channel?.unref();
