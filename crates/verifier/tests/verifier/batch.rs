//! Many answers checked together: the same verdicts and rejections as one after the other.

use milchglas_credential::claim::Literal;
use milchglas_credential::credential::Credential;
use milchglas_credential::date::Date;
use milchglas_verifier::{Asked, MemoryStore, Reason, Rejection, RequestStore, Template, Verdict};
use rand_core::OsRng;

use crate::scene::{Scene, ask, later, now, reason, template};

/// For each answer the nonce that was accepted, or the reason.
fn outcomes(results: Vec<Result<Verdict, Rejection>>) -> Vec<Result<String, Reason>> {
    let outcome = |result: Result<Verdict, _>| match result {
        Ok(verdict) => Ok(verdict.nonce().to_string()),
        Err(rejection) => Err(reason(Err(rejection))),
    };
    results.into_iter().map(outcome).collect()
}

fn nonce(asked: &Asked) -> Result<String, Reason> {
    Ok(asked.nonce().to_string())
}

/// A scene whose card has another card's A, so nobody signed it: everything about its answers holds, but for the pairing.
fn forger() -> Scene {
    let mut forger = Scene::new();
    let (mut bytes, other) = (forger.card.to_bytes(), Scene::born("1990-02-01").card.to_bytes());
    let places = |bytes: &[u8]| bytes.len() - 80..bytes.len() - 32;
    let place = places(&bytes);
    bytes[place].copy_from_slice(&other[places(&other)]);
    forger.card = Credential::from_bytes(&bytes, |_, _| Some(&forger.schema)).unwrap();
    forger
}

fn flipped(answer: &[u8]) -> Vec<u8> {
    let mut answer = answer.to_vec();
    *answer.last_mut().unwrap() ^= 1;
    answer
}

#[test]
fn accepts_none_and_one() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    assert_eq!(cafe.check_many(&[] as &[Vec<u8>], now(), &mut OsRng).len(), 0);
    let asked = ask(&cafe);
    let answer = scene.answer(&asked);
    assert_eq!(outcomes(cafe.check_many(&[&answer], now(), &mut OsRng)), [nonce(&asked)]);
    assert_eq!(outcomes(cafe.check_many(&[&answer], now(), &mut OsRng)), [Err(Reason::Answered)]);
}

#[test]
fn accepts_the_good_ones_of_three_hundred_and_names_the_bad() {
    let scene = Scene::new();
    let forger = forger();
    let cafe = scene.cafe();
    let asked: Vec<Asked> = (0..300).map(|_| ask(&cafe)).collect();
    let elsewhere = scene.answer(&ask(&scene.verifier(8, MemoryStore::new())));
    let mut answers: Vec<Vec<u8>> = Vec::new();
    let mut expected = Vec::new();
    for (place, asked) in asked.iter().enumerate() {
        let (answer, outcome) = match place {
            0 | 7 | 8 | 150 | 299 => (forger.answer(asked), Err(Reason::NotProven)),
            1 | 151 | 298 => (flipped(&scene.answer(asked)), Err(Reason::NotProven)),
            2 | 200 => (vec![0x80], Err(Reason::Undecodable)),
            3 => (elsewhere.clone(), Err(Reason::UnknownRequest)),
            100 => (answers[99].clone(), Err(Reason::Answered)),
            _ => (scene.answer(asked), nonce(asked)),
        };
        answers.push(answer);
        expected.push(outcome);
    }
    assert_eq!(outcomes(cafe.check_many(&answers, later(1), &mut OsRng)), expected);

    // Those that failed are still pending, and none that was accepted is.
    let again: Vec<Vec<u8>> = asked.iter().map(|asked| scene.answer(asked)).collect();
    let swapped = expected.iter().zip(&asked).map(|(outcome, asked)| match outcome {
        Ok(_) => Err(Reason::Answered),
        Err(_) => nonce(asked),
    });
    assert_eq!(outcomes(cafe.check_many(&again, later(2), &mut OsRng)), swapped.collect::<Vec<_>>());
}

/// What one batch says, and what the same answers get one after the other.
#[test]
fn says_the_same_as_one_after_the_other() {
    let scene = Scene::new();
    let together = scene.cafe();
    let mut asked: Vec<Asked> = (0..3).map(|_| ask(&together)).collect();
    let mut short = Template::cafe().unwrap();
    short.valid_for = 10;
    asked.push(together.request(&short, now(), &mut OsRng).unwrap());
    // The same requests wait at a second store of the same verifier.
    let store = MemoryStore::new();
    for asked in &asked {
        store.put(asked.nonce(), asked.bytes(), asked.request().fields().expires, now()).unwrap();
    }
    let apart = scene.verifier(7, store);
    let mut answers = Vec::new();
    for asked in &asked[..3] {
        let (first, second) = (scene.answer(asked), scene.answer(asked));
        answers.extend([flipped(&first), first.clone(), first.clone(), second, flipped(&first)]);
    }
    answers.push(scene.answer(&asked[3]));
    answers.reverse();

    let one_by_one = answers.iter().map(|answer| apart.check(answer, later(20), &mut OsRng)).collect();
    let results = outcomes(together.check_many(&answers, later(20), &mut OsRng));
    assert_eq!(results, outcomes(one_by_one));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    let first = [Err(Reason::Expired), Err(Reason::NotProven), nonce(&asked[2]), Err(Reason::Answered)];
    assert_eq!(results[..4], first);
}

#[test]
fn gives_each_answer_its_own_verdict() {
    let scenes = ["1990-01-31", "1985-02-28", "2001-12-24"].map(Scene::born);
    let cafe = scenes[0].cafe();
    let template = template(&["date_of_birth"], r#"["valid"]"#);
    let asked: Vec<Asked> = (0..9).map(|_| cafe.request(&template, now(), &mut OsRng).unwrap()).collect();
    let mut answers: Vec<_> = asked.iter().enumerate().map(|(place, asked)| scenes[place % 3].answer(asked)).collect();
    answers[4] = flipped(&answers[4]);
    let verdicts = cafe.check_many(&answers, now(), &mut OsRng);
    assert_eq!(verdicts.len(), 9);
    for (place, verdict) in verdicts.into_iter().enumerate() {
        if place == 4 {
            assert_eq!(reason(verdict), Reason::NotProven);
            continue;
        }
        let verdict = verdict.unwrap();
        assert_eq!(verdict.nonce(), asked[place].nonce());
        let day = verdict.credentials()[0].learned().get(&"date_of_birth".parse().unwrap()).unwrap().clone();
        let expected: Date = ["1990-01-31", "1985-02-28", "2001-12-24"][place % 3].parse().unwrap();
        assert!(day == Some(Literal::Text(expected.to_string())));
    }
}

#[test]
fn accepts_each_answer_once_in_many_batches_at_once() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let asked: Vec<Asked> = (0..5).map(|_| ask(&cafe)).collect();
    let answers: Vec<Vec<u8>> = asked.iter().map(|asked| scene.answer(asked)).collect();
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| outcomes(cafe.check_many(&answers, now(), &mut OsRng)))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let accepted = |asked: &Asked| results.iter().filter(|result| **result == nonce(asked)).count();
    assert!(asked.iter().all(|asked| accepted(asked) == 1));
    assert_eq!(results.iter().filter(|result| **result == Err(Reason::Answered)).count(), 35);
}

#[test]
fn refuses_all_of_an_issuer_that_is_no_longer_trusted() {
    let scene = Scene::new();
    let cafe = scene.cafe();
    let asked = [ask(&cafe), ask(&cafe)];
    let answers = asked.each_ref().map(|asked| scene.answer(asked));
    assert!(cafe.checker().distrust(&scene.issuer.parameters.fingerprint()).unwrap());
    assert_eq!(
        outcomes(cafe.check_many(&answers, now(), &mut OsRng)),
        [Err(Reason::Untrusted), Err(Reason::Untrusted)]
    );
}
