SELECT server, days_left FROM learning
