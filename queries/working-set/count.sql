-- Adds what is judged for the first time to the minutes. What is judged again was counted before.
INSERT INTO working.main.minutes SELECT * EXCLUDE (is_platform) FROM counted.main.activity_minutes;
