//! Sigma protocols for linear relations over G1 and pairing equations, under one transcript
