-- Is the history complete and unchanged? Record last_hash, and compare it with the next run.
SELECT v.ok, v.rows_checked, v.broken_id, v.broken_why, v.last_hash FROM rollgate_audit.verify_history() v;
