import Testing

@testable import Pages

@Suite struct CompiledPageTests {
    private func fill(_ slot: Slot, _ bytes: inout [UInt8]) {
        switch slot {
        case .siteName: bytes += Array("<name>".utf8)
        case .token: break
        default: bytes += Array("[\(slot)]".utf8)
        }
    }

    private func text(_ page: CompiledPage) -> String { String(decoding: page.render(fill), as: UTF8.self) }

    @Test func gapsAreFilledInOrder() {
        var builder = CompiledPage.Builder()
        builder.append(Slot.siteName)
        builder.append("a".utf8)
        builder.append(Slot.token)
        builder.append(Slot.uri)
        builder.append(Slot.siteName)
        builder.append("b".utf8)
        #expect(text(builder.finish()) == "<name>a[uri]<name>b")
        #expect(text(CompiledPage.Builder().finish()) == "")
    }

    @Test func aValueTakesTheFormOfItsPlace() {
        let sentinels = Sentinels()
        let value = sentinels.sentinel([.text("<é\"\u{301}"), .isolated(.siteName)])
        let page = sentinels.compile(
            "<p>\(value)</p><title>\(value)</title><a title='\(value)'></a><script>\(value)</script>")
        let plain = "&lt;é&quot;\u{301}\u{2068}<name>\u{2069}"
        #expect(
            text(page)
                == "<p>&lt;é&quot;\u{301}<bdi><name></bdi></p><title>\(plain)</title><a title='\(plain)'></a><script></script>"
        )
    }

    @Test func pagesThatWereNotUsedGoFirst() {
        var cache = PageCache()
        func shape(_ number: Int) -> PageShape {
            PageShape(
                template: .problem, language: number, platform: .other, choice: AppChoice(shown: nil, hidden: []))
        }
        var builder = CompiledPage.Builder()
        builder.append([UInt8](repeating: 0, count: 1_000_000))
        let page = builder.finish()
        for number in 0..<200 {
            cache.add(page, for: shape(number))
            #expect(cache.page(shape(0)) != nil, "used each time")
            #expect(cache.cost <= PageCache.limit)
        }
        #expect(cache.page(shape(1)) == nil)
        #expect(cache.page(shape(199)) != nil)
    }
}
