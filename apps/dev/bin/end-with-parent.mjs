// Is loaded into the programs that npm start runs. If npm start is killed (SIGKILL), the programs stop, so that their ports are
// free for the next start.
process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), 10_000).unref();
});
// The listener must not keep a program alive that has nothing left to do.
process.channel?.unref();
