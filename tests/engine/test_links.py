from modelyard.engine.links import Link, Links


def test_the_links_longest_out_of_use_are_forgotten_first() -> None:
    links = Links(most=100)
    for number in range(10_000):
        links.put(f"https://hub.example/{number}", Link(f"https://cdn.example/{number}?sig=x", public=True))
        links.get("https://hub.example/0")
    assert len(links) == 100
    assert links.get("https://hub.example/0") is not None
    assert links.get("https://hub.example/9899") is None
    assert links.get("https://hub.example/9999") is not None


def test_a_link_that_failed_does_not_take_its_successor_along() -> None:
    links = Links()
    old, new = Link("https://cdn.example/old", public=True), Link("https://cdn.example/new", public=True)
    links.put("a", old)
    links.put("a", new)
    links.drop("a", old)
    assert links.get("a") is new
    links.drop("a", new)
    assert links.get("a") is None
