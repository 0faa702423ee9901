-- Is the history complete and unchanged? Note last_hash, and compare it next time.
SELECT v.ok, v.rows_checked, v.broken_id, v.broken_why, v.last_hash FROM rollgate_audit.verify_history() v;
